/*
 * Fixed-answer server, to measure the load generator with: HTTP/1.1 over keep-alive connections, one thread, epoll (Linux).
 *
 *   answer DELAY_MICROS
 *
 * Writes the port that it listens at (127.0.0.1), then answers every request with the same body after DELAY_MICROS, one
 * request after the other: what the generator measures on one connection must be that delay and next to nothing more.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_BYTES = 1 << 16, SOCKETS = 4096 };

static const char ANSWER[] =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 21\r\n\r\n{\"probability\": 0.25}\n";

struct received {
  size_t length;
  char bytes[REQUEST_BYTES + 1];
};

static struct received *received[SOCKETS];

/* Waits without sleeping: a timer of the system may be late by more than the delay. */
static void wait_for(double micros) {
  struct timespec start, time;
  clock_gettime(CLOCK_MONOTONIC, &start);
  do clock_gettime(CLOCK_MONOTONIC, &time);
  while ((double)(time.tv_sec - start.tv_sec) * 1e6 + (double)(time.tv_nsec - start.tv_nsec) / 1e3 < micros);
}

static int is_whole(const struct received *request) {
  const char *end = strstr(request->bytes, "\r\n\r\n");
  const char *field = strcasestr(request->bytes, "\r\ncontent-length:");
  if (end == NULL || field == NULL) return 0;
  size_t body = strtoul(field + strlen("\r\ncontent-length:"), NULL, 10);
  return request->length >= (size_t)(end - request->bytes) + 4 + body;
}

/* 0 where the connection is over. */
static int answer(int client, double delay) {
  struct received *request = received[client];
  ssize_t part = read(client, request->bytes + request->length, REQUEST_BYTES - request->length);
  if (part <= 0) return 0;
  request->length += (size_t)part;
  request->bytes[request->length] = 0;
  if (!is_whole(request)) return 1;
  request->length = 0;
  if (delay > 0) wait_for(delay);
  return write(client, ANSWER, sizeof ANSWER - 1) == sizeof ANSWER - 1;
}

int main(int count, char **arguments) {
  double delay = count > 1 ? atof(arguments[1]) : 0;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int server = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  if (bind(server, (struct sockaddr *)&address, size) != 0 || listen(server, SOMAXCONN) != 0 ||
      getsockname(server, (struct sockaddr *)&address, &size) != 0) {
    perror("answer");
    return 1;
  }
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  int events_of = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = server}, events[256];
  epoll_ctl(events_of, EPOLL_CTL_ADD, server, &event);
  for (;;) {
    int ready = epoll_wait(events_of, events, 256, -1);
    for (int place = 0; place < ready; place++) {
      int client = events[place].data.fd;
      if (client == server) {
        client = accept(server, NULL, NULL);
        if (client < 0 || client >= SOCKETS) return 1;
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        received[client] = calloc(1, sizeof(struct received));
        if (received[client] == NULL) return 1;
        event.data.fd = client;
        epoll_ctl(events_of, EPOLL_CTL_ADD, client, &event);
      } else if (!answer(client, delay)) {
        close(client);
        free(received[client]);
      }
    }
  }
}
