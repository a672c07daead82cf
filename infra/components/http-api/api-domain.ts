import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface ApiDomainArgs {
  /** `predictions.example.com` */
  domainName: string;
  /** Zone of Route 53 that the domain lies in. */
  hostedZoneId: string;
  restApiId: pulumi.Input<string>;
  stageName: pulumi.Input<string>;
}

/** A domain of one's own for the API, with a certificate that renews itself. */
export class ApiDomain extends pulumi.ComponentResource {
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: ApiDomainArgs, opts?: pulumi.ComponentResourceOptions) {
    super("perennial:http-api:ApiDomain", name, {}, opts);
    const { domainName, hostedZoneId } = args;
    const certificate = new aws.acm.Certificate(
      name,
      { domainName, validationMethod: "DNS" },
      { parent: this },
    );
    const validation = certificate.domainValidationOptions.apply((options) => {
      const [option] = options;
      if (option === undefined)
        throw new Error(`ACM names no record that proves the ownership of ${domainName}`);
      return option;
    });
    const proof = new aws.route53.Record(
      `${name}-proof`,
      {
        zoneId: hostedZoneId,
        name: validation.resourceRecordName,
        type: validation.resourceRecordType,
        records: [validation.resourceRecordValue],
        ttl: 300,
        // A stack that is brought up anew proves the same domain by the same record.
        allowOverwrite: true,
      },
      { parent: this },
    );
    const validated = new aws.acm.CertificateValidation(
      name,
      { certificateArn: certificate.arn, validationRecordFqdns: [proof.fqdn] },
      { parent: this },
    );
    const domain = new aws.apigateway.DomainName(
      name,
      {
        domainName,
        regionalCertificateArn: validated.certificateArn,
        endpointConfiguration: { types: "REGIONAL" },
        securityPolicy: "TLS_1_2",
      },
      { parent: this },
    );
    const mapping = new aws.apigateway.BasePathMapping(
      name,
      { domainName: domain.domainName, restApi: args.restApiId, stageName: args.stageName },
      { parent: this },
    );
    new aws.route53.Record(
      name,
      {
        zoneId: hostedZoneId,
        name: domainName,
        type: "A",
        aliases: [
          {
            name: domain.regionalDomainName,
            zoneId: domain.regionalZoneId,
            evaluateTargetHealth: false,
          },
        ],
      },
      // Nobody is sent there before it answers.
      { parent: this, dependsOn: [mapping] },
    );
    this.url = pulumi.interpolate`https://${domain.domainName}`;
    this.registerOutputs({ url: this.url });
  }
}
