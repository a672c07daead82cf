/*
 * Load generator: HTTP/1.1 over keep-alive connections, one thread, epoll (Linux).
 *
 *   load PORT PATH BODIES CONNECTIONS SECONDS RATE
 *
 * BODIES holds a request's JSON body a line; they are sent in turns. RATE 0 keeps every connection busy: each sends its
 * next request when the last one is answered. With another RATE so many requests a second are due, and a latency counts
 * from when its request was due: what waits for a free connection is waiting time, too (no coordinated omission).
 *
 * When the time is over nothing more is sent, and what is under way has 10 s to be answered. Writes one line of JSON:
 * latencies in microseconds of the answers with status 200, counts by status, what was never answered, and the share of
 * the time that this process itself was computing.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_BYTES = 1 << 16, DRAIN_SECONDS = 10, STATUSES = 600 };

struct request {
  char *bytes;
  size_t length;
};

struct connection {
  int socket;
  int is_waiting; /* for an answer */
  const struct request *sent;
  size_t written;
  double since;
  size_t received;
  char answer[ANSWER_BYTES + 1];
};

static struct request *requests;
static size_t request_count, next_request;
static struct connection *connections;
static int connection_count, events_of;
static int port;
static double *latencies;
static size_t latency_count, latency_room;
static long by_status[STATUSES], sent_count, answered_count, lost_count, reconnected_count;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void *must(void *memory) {
  if (memory == NULL) {
    perror("load: out of memory");
    exit(1);
  }
  return memory;
}

static void stop(const char *reason) {
  fprintf(stderr, "load: %s\n", reason);
  exit(1);
}

static void read_requests(const char *file, const char *path) {
  FILE *bodies = fopen(file, "r");
  if (bodies == NULL) {
    perror(file);
    exit(1);
  }
  char *line = NULL;
  size_t room = 0;
  ssize_t length;
  while ((length = getline(&line, &room, bodies)) > 0) {
    if (line[length - 1] == '\n') length -= 1;
    requests = must(realloc(requests, (request_count + 1) * sizeof *requests));
    struct request *request = &requests[request_count++];
    request->bytes = must(malloc((size_t)length + strlen(path) + 256));
    int head = sprintf(request->bytes,
                       "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                       "Content-Length: %zd\r\n\r\n",
                       path, port, length);
    memcpy(request->bytes + head, line, (size_t)length);
    request->length = (size_t)head + (size_t)length;
  }
  free(line);
  fclose(bodies);
  if (request_count == 0) stop("the file of bodies is empty");
}

static void watch(struct connection *connection, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = connection};
  if (epoll_ctl(events_of, operation, connection->socket, &event) != 0) {
    perror("load: epoll_ctl");
    exit(1);
  }
}

static void open_connection(struct connection *connection) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  connection->socket = socket(AF_INET, SOCK_STREAM, 0);
  int yes = 1;
  setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (connect(connection->socket, (struct sockaddr *)&address, sizeof address) != 0) {
    perror("load: connect");
    exit(1);
  }
  fcntl(connection->socket, F_SETFL, O_NONBLOCK);
  connection->is_waiting = 0;
  watch(connection, EPOLL_CTL_ADD, EPOLLIN);
}

/* A connection that the other side ended: what was under way on it is lost. */
static void reopen(struct connection *connection) {
  lost_count += connection->is_waiting;
  reconnected_count += 1;
  close(connection->socket);
  open_connection(connection);
}

static int push(struct connection *connection) {
  const struct request *request = connection->sent;
  while (connection->written < request->length) {
    ssize_t part = write(connection->socket, request->bytes + connection->written, request->length - connection->written);
    if (part < 0 && errno == EAGAIN) {
      watch(connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
      return 1;
    }
    if (part < 0) return 0;
    connection->written += (size_t)part;
  }
  return 1;
}

static void send_request(struct connection *connection, double since) {
  connection->sent = &requests[next_request++ % request_count];
  connection->written = 0;
  connection->received = 0;
  connection->is_waiting = 1;
  connection->since = since;
  sent_count += 1;
  if (!push(connection)) reopen(connection);
}

/* Length of the whole answer once its head is there; 0 before. */
static size_t answer_length(const char *answer) {
  const char *end = strstr(answer, "\r\n\r\n");
  if (end == NULL) return 0;
  const char *field = strcasestr(answer, "\r\ncontent-length:");
  if (field == NULL || field > end) stop("an answer without Content-Length");
  return (size_t)(end - answer) + 4 + strtoul(field + strlen("\r\ncontent-length:"), NULL, 10);
}

static void keep_latency(double seconds) {
  if (latency_count == latency_room) {
    latency_room = latency_room ? 2 * latency_room : 1 << 16;
    latencies = must(realloc(latencies, latency_room * sizeof *latencies));
  }
  latencies[latency_count++] = seconds * 1e6;
}

/* Takes what has come; 1 where that completes the answer, -1 where the connection is over. */
static int take(struct connection *connection) {
  for (;;) {
    if (connection->received == ANSWER_BYTES) stop("an answer of more than 64 KiB");
    ssize_t part =
        read(connection->socket, connection->answer + connection->received, ANSWER_BYTES - connection->received);
    if (part < 0 && errno == EAGAIN) return 0;
    if (part <= 0) return -1;
    connection->received += (size_t)part;
    connection->answer[connection->received] = 0;
    size_t whole = answer_length(connection->answer);
    if (whole == 0 || connection->received < whole) continue;
    int status = atoi(connection->answer + strlen("HTTP/1.1 "));
    by_status[status > 0 && status < STATUSES ? status : 0] += 1;
    if (status == 200) keep_latency(now() - connection->since);
    connection->is_waiting = 0;
    answered_count += 1;
    return 1;
  }
}

static int ascending(const void *one, const void *other) {
  double difference = *(const double *)one - *(const double *)other;
  return (difference > 0) - (difference < 0);
}

static double quantile(double share) {
  if (latency_count == 0) return 0;
  size_t place = (size_t)(share * (double)latency_count);
  return latencies[place < latency_count ? place : latency_count - 1];
}

static double processor_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void report(double seconds, double computing) {
  qsort(latencies, latency_count, sizeof *latencies, ascending);
  double sum = 0;
  for (size_t place = 0; place < latency_count; place++) sum += latencies[place];
  printf("{\"seconds\":%.3f,\"perSecond\":%.1f,\"sent\":%ld,\"answered\":%ld,\"unanswered\":%ld,\"reconnected\":%ld,",
         seconds, (double)by_status[200] / seconds, sent_count, answered_count, sent_count - answered_count,
         reconnected_count);
  printf("\"micros\":{\"mean\":%.1f,\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f},",
         latency_count ? sum / (double)latency_count : 0, quantile(0.5), quantile(0.99), quantile(0.999), quantile(1));
  printf("\"ownShare\":%.3f,\"statuses\":{", computing / seconds);
  const char *separator = "";
  for (int status = 0; status < STATUSES; status++) {
    if (by_status[status] == 0) continue;
    printf("%s\"%d\":%ld", separator, status, by_status[status]);
    separator = ",";
  }
  printf("}}\n");
}

/* Sends what is due: on idle connections, as far as there are any. */
static void send_due(double start, double moment, double rate, long *due) {
  for (int place = 0; place < connection_count; place++) {
    struct connection *connection = &connections[place];
    if (connection->is_waiting) continue;
    double since = moment;
    if (rate > 0) {
      since = start + (double)*due / rate;
      if (since > moment) return;
      *due += 1;
    }
    send_request(connection, since);
  }
}

int main(int count, char **arguments) {
  if (count != 7) stop("expected PORT PATH BODIES CONNECTIONS SECONDS RATE");
  port = atoi(arguments[1]);
  read_requests(arguments[3], arguments[2]);
  connection_count = atoi(arguments[4]);
  double seconds = atof(arguments[5]), rate = atof(arguments[6]);
  events_of = epoll_create1(0);
  connections = must(calloc((size_t)connection_count, sizeof *connections));
  for (int place = 0; place < connection_count; place++) open_connection(&connections[place]);

  double start = now(), end = start + seconds, computed = processor_seconds();
  long due = 0;
  struct epoll_event events[256];
  for (;;) {
    double moment = now();
    if (moment < end) send_due(start, moment, rate, &due);
    else if (answered_count + lost_count >= sent_count || moment > end + DRAIN_SECONDS) break;
    int ready = epoll_wait(events_of, events, 256, rate > 0 && moment < end ? 1 : 10);
    for (int place = 0; place < ready; place++) {
      struct connection *connection = events[place].data.ptr;
      if (events[place].events & EPOLLOUT) {
        watch(connection, EPOLL_CTL_MOD, EPOLLIN);
        if (!push(connection)) {
          reopen(connection);
          continue;
        }
      }
      if (!(events[place].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) continue;
      int taken = take(connection);
      if (taken < 0) reopen(connection);
      /* The next one at once: looking through all connections for it would cost more than sending it. */
      else if (taken == 1 && rate == 0 && now() < end) send_request(connection, now());
    }
  }
  report(seconds, processor_seconds() - computed);
  return 0;
}
