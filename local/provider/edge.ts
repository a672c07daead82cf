import { type AclInputs, WebAcl } from "../http-api/firewall.ts";
import { arn, text, type Counterparts } from "./counterpart.ts";

const NO_DOMAIN = "on one machine the API answers at 127.0.0.1, whatever domain the stack gives it";

/** The firewall, and the domain in front of the HTTP API. */
export const EDGE: Counterparts = {
  "aws:wafv2/webAcl:WebAcl": {
    outputs: ({ inputs }, account) => {
      const name = text(inputs, "name");
      return { id: name, outputs: { name, arn: arn(account, "wafv2", `regional/webacl/${name}/local`) } };
    },
    create: async ({ inputs, outputs }, { webAcls, now }) => {
      webAcls.set(text(outputs, "arn"), new WebAcl(inputs as unknown as AclInputs, now));
    },
  },
  "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": {
    outputs: ({ inputs }) => ({ id: text(inputs, "resourceArn") }),
    create: async ({ inputs }, { webAcls }) => {
      const acl = webAcls.get(text(inputs, "resourceArn"));
      const [destination = ""] = inputs["logDestinationConfigs"] as string[];
      const fields = (inputs["redactedFields"] ?? []) as { singleHeader?: { name: string } }[];
      if (acl === undefined) throw new Error("resourceArn names no web ACL of the program.");
      acl.log = {
        group: destination.replace(/^.*:log-group:/, ""),
        redacted: fields.flatMap(({ singleHeader }) =>
          singleHeader === undefined ? [] : [singleHeader.name],
        ),
      };
    },
  },
  "aws:wafv2/webAclAssociation:WebAclAssociation": {
    outputs: ({ name }) => ({ id: name }),
    create: async ({ inputs }, { webAcls, httpApis }) => {
      const acl = webAcls.get(text(inputs, "webAclArn"));
      if (acl === undefined) throw new Error("webAclArn names no web ACL of the program.");
      httpApis.findByStage(text(inputs, "resourceArn")).webAcl = acl;
    },
  },
  "aws:acm/certificate:Certificate": {
    outputs: ({ inputs }, account) => {
      const domain = text(inputs, "domainName");
      const proof = {
        domainName: domain,
        resourceRecordName: `_local.${domain}.`,
        resourceRecordType: "CNAME",
        resourceRecordValue: "_local.acm-validations.aws.",
      };
      return {
        id: domain,
        outputs: { arn: arn(account, "acm", `certificate/${domain}`), domainValidationOptions: [proof] },
      };
    },
    create: { none: NO_DOMAIN },
  },
  "aws:acm/certificateValidation:CertificateValidation": {
    outputs: ({ inputs }) => ({ id: text(inputs, "certificateArn") }),
    create: { none: NO_DOMAIN },
  },
  "aws:route53/record:Record": {
    outputs: ({ inputs }) => ({ id: text(inputs, "name"), outputs: { fqdn: text(inputs, "name") } }),
    create: { none: NO_DOMAIN },
  },
  "aws:apigateway/domainName:DomainName": {
    outputs: ({ inputs }, { region }) => {
      const domainName = text(inputs, "domainName");
      return {
        id: domainName,
        outputs: {
          domainName,
          regionalDomainName: `d-local.execute-api.${region}.amazonaws.com`,
          regionalZoneId: "ZLOCAL",
        },
      };
    },
    create: { none: NO_DOMAIN },
  },
  "aws:apigateway/basePathMapping:BasePathMapping": {
    outputs: ({ inputs }) => ({ id: text(inputs, "domainName") }),
    create: { none: NO_DOMAIN },
  },
};
