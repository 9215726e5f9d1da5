/**
 * How public systems retry by default, or by their documentation's example: each with its source, what that says, and
 * what the linter finds in it.
 */
import { Duration } from "effect"
import { RetryPolicy } from "effect-stamina"
import type { Rule } from "effect-stamina-lab/RetryLint"

export interface PublicPolicy {
  readonly system: string
  /** What the source says. */
  readonly says: string
  /** Where it says so. */
  readonly source: string
  readonly policy: RetryPolicy.RetryPolicy
  /** The rules that find something, and why that is so. */
  readonly findings: Readonly<Partial<Record<Rule, string>>>
}

const { make } = RetryPolicy
const noTimeout = { timeout: Duration.infinity } as const
const forever = { ...noTimeout, attempts: Infinity } as const
/** A cap that none of the waits comes to, for systems without one. */
const noCap = { waitMax: "30 days" } as const

const inStep = "True: no jitter by default."
const capFar = "True: the attempts end before the waits come to the cap."
const noEnd = "Meant: something that must run is tried for ever."

export const publicPolicies: ReadonlyArray<PublicPolicy> = [
  {
    system: "AWS SDK for Python, standard mode",
    says: "3 attempts, random up to 1 s, 2 s, …, 20 s at most",
    source: "github.com/boto/botocore, botocore/retries/standard.py",
    policy: make({ ...noTimeout, attempts: 3, backoff: "full", waitInitial: "1 second", waitMax: "20 seconds" }),
    findings: { "wait-max-unreached": capFar }
  },
  {
    system: "AWS Step Functions, Retry",
    says: "3 retries after 1 s, times 2",
    source: "docs.aws.amazon.com/cdk/api/v1/python/aws_cdk.aws_stepfunctions/RetryProps.html",
    policy: make({ ...noTimeout, ...noCap, attempts: 4, waitInitial: "1 second", waitJitter: 0 }),
    findings: { "no-jitter": inStep }
  },
  {
    system: "AWS Durable Execution SDK for Java",
    says: "6 attempts, full jitter, 5 s times 2, 60 s at most",
    source: "aws.github.io/aws-durable-execution-sdk-java, RetryStrategies.Presets",
    policy: make({ ...noTimeout, attempts: 6, backoff: "full", waitInitial: "5 seconds", waitMax: "60 seconds" }),
    findings: {}
  },
  {
    system: "gRPC, service config",
    says: "4 attempts, random up to 0.1 s times 2, 1 s at most (the example of the proposal)",
    source: "github.com/grpc/proposal, A6-client-retries.md",
    policy: make({ ...noTimeout, attempts: 4, backoff: "full", waitInitial: 100, waitMax: "1 second" }),
    findings: { "wait-max-unreached": capFar }
  },
  {
    system: "gRPC, connections",
    says: "unlimited, 1 s times 1.6, 120 s at most, ± 20 %",
    source: "grpc.github.io/grpc/cpp/md_doc_connection-backoff.html",
    policy: make({
      ...forever,
      waitInitial: "1 second",
      waitExpBase: 1.6,
      waitMax: "144 seconds",
      waitJitter: "20%"
    }),
    findings: { endless: noEnd }
  },
  {
    system: "Google API Core for PHP",
    says: "100 ms times 1.3 with jitter, 60 s at most, for 600 s",
    source: "docs.cloud.google.com/php/docs/reference/gax/latest/RetrySettings",
    policy: make({
      attempts: Infinity,
      timeout: "600 seconds",
      backoff: "full",
      waitExpBase: 1.3,
      waitMax: "60 seconds"
    }),
    findings: {}
  },
  {
    system: "Google Eventarc pipelines",
    says: "5 attempts, 5 s doubled, 60 s at most",
    source: "cloud.google.com/python/docs/reference/eventarc/latest, Pipeline.RetryPolicy",
    policy: make({ ...noTimeout, attempts: 5, waitInitial: "5 seconds", waitMax: "60 seconds", waitJitter: 0 }),
    findings: { "wait-max-unreached": capFar, "no-jitter": "As far as it is documented." }
  },
  {
    system: "Azure SDK for JavaScript",
    says: "3 retries, 1 s exponentially, 64 s at most",
    source: "learn.microsoft.com/javascript/api/@azure/core-rest-pipeline/pipelineretryoptions",
    policy: make({ ...noTimeout, attempts: 4, waitInitial: "1 second", waitMax: "64 seconds", waitJitter: 0 }),
    findings: { "wait-max-unreached": capFar, "no-jitter": "As far as it is documented." }
  },
  {
    system: "OpenAI for Node.js",
    says: "2 retries, 0.5 s times 2, 8 s at most, less up to 25 %",
    source: "github.com/openai/openai-node, src/client.ts",
    policy: make({ ...noTimeout, attempts: 3, waitInitial: 437.5, waitJitter: "14%", waitMax: "8 seconds" }),
    findings: { "wait-max-unreached": capFar }
  },
  {
    system: "Polly 8",
    says: "3 retries, 2 s each, no jitter",
    source: "pollydocs.org/api/Polly.Retry.RetryStrategyOptions-1.html",
    policy: make({ ...noTimeout, attempts: 4, backoff: "constant", waitInitial: "2 seconds", waitJitter: 0 }),
    findings: { "no-jitter": inStep }
  },
  {
    system: "resilience4j",
    says: "3 attempts, 500 ms each",
    source: "resilience4j.readme.io/docs/retry",
    policy: make({ ...noTimeout, attempts: 3, backoff: "constant", waitInitial: 500, waitJitter: 0 }),
    findings: { "no-jitter": inStep }
  },
  {
    system: "Spring Framework 7, RetryTemplate",
    says: "3 retries, 1 s each",
    source: "docs.spring.io/spring-framework/docs/7.0.0-M7/javadoc-api, org.springframework.core.retry.RetryTemplate",
    policy: make({ ...noTimeout, attempts: 4, backoff: "constant", waitInitial: "1 second", waitJitter: 0 }),
    findings: { "no-jitter": inStep }
  },
  {
    system: "cockatiel",
    says: "3 retries, decorrelated jitter from 128 ms, 30 s at most (the example of its README)",
    source: "github.com/connor4312/cockatiel, src/backoff/ExponentialBackoff.ts",
    policy: make({ ...noTimeout, attempts: 4, backoff: "decorrelated", waitInitial: 128, waitMax: "30 seconds" }),
    findings: { "wait-max-unreached": capFar }
  },
  {
    system: "tenacity",
    says: "forever, without waiting",
    source: "github.com/jd/tenacity, doc/source/index.rst",
    policy: make({ ...forever, waitInitial: 0, waitJitter: 0 }),
    findings: { "no-wait": "True, and its documentation says so: calls follow one another for ever." }
  },
  {
    system: "backoff for Rust",
    says: "500 ms times 1.5, 1 min at most, ± 50 %, for 15 min",
    source: "docs.rs/backoff/0.1.6/backoff/default",
    policy: make({
      attempts: Infinity,
      timeout: "15 minutes",
      waitInitial: 500,
      waitExpBase: 1.5,
      waitMax: "90 seconds",
      waitJitter: "50%"
    }),
    findings: {}
  },
  {
    system: "p-retry",
    says: "10 retries, 1 s times 2, no jitter",
    source: "github.com/sindresorhus/p-retry, readme.md",
    policy: make({ ...noTimeout, ...noCap, attempts: 11, waitInitial: "1 second", waitJitter: 0 }),
    findings: { "no-jitter": inStep }
  },
  {
    system: "got",
    says: "2 retries, 1 s times 2, and up to 100 ms of noise",
    source: "github.com/sindresorhus/got, documentation/7-retry.md",
    policy: make({ ...noTimeout, ...noCap, attempts: 3, waitInitial: "1 second", waitJitter: 100 }),
    findings: { "jitter-thin": "100 ms part few of those who wait for 2 s." }
  },
  {
    system: "axios-retry",
    says: "3 retries, no delay",
    source: "github.com/softonic/axios-retry, README.md",
    policy: make({ ...noTimeout, attempts: 4, waitInitial: 0, waitJitter: 0 }),
    findings: { "no-wait": "True: all four requests are over in no time." }
  },
  {
    system: "TanStack Query",
    says: "3 retries, 1 s doubled, 30 s at most",
    source: "tanstack.com/query/v4/docs/vue/guides/query-retries",
    policy: make({ ...noTimeout, attempts: 4, waitInitial: "1 second", waitMax: "30 seconds", waitJitter: 0 }),
    findings: { "wait-max-unreached": capFar, "no-jitter": inStep }
  },
  {
    system: "RTK Query",
    says: "5 retries, 600 ms times 2, each times 0.4 to 1.4",
    source: "app.unpkg.com/@reduxjs/toolkit@1.6.1/files/src/query/retry.ts",
    policy: make({ ...noTimeout, ...noCap, attempts: 6, waitInitial: 540, waitJitter: "55%" }),
    findings: {}
  },
  {
    system: "Temporal, activities",
    says: "unlimited, 1 s times 2, 100 s at most",
    source: "rubydoc.info/gems/temporalio/Temporalio/RetryPolicy",
    policy: make({ ...forever, waitInitial: "1 second", waitMax: "100 seconds", waitJitter: 0 }),
    findings: { endless: noEnd, "no-jitter": inStep }
  },
  {
    system: "BullMQ",
    says: "3 attempts, 1 s times 2 (the example of its guide)",
    source: "docs.bullmq.io/guide/retrying-failing-jobs",
    policy: make({ ...noTimeout, ...noCap, attempts: 3, waitInitial: "1 second", waitJitter: 0 }),
    findings: { "no-jitter": inStep }
  },
  {
    system: "Psychic workers, on BullMQ",
    says: "20 attempts, 1 s times 2",
    source: "psychicframework.com/docs/plugins/workers/retry",
    policy: make({ ...noTimeout, ...noCap, attempts: 20, waitInitial: "1 second", waitJitter: 0 }),
    findings: { "no-jitter": inStep }
  },
  {
    system: "Sidekiq",
    says: "25 retries, n⁴ + 15 s and up to 30 · (n + 1) s",
    source: "github.com/mperham/sidekiq, issue 2168",
    policy: make({
      ...noTimeout,
      ...noCap,
      attempts: 26,
      backoff: Array.from({ length: 25 }, (_, n) => (n ** 4 + 15) * 1000),
      waitJitter: "30 seconds"
    }),
    findings: {}
  },
  {
    system: "Kubernetes, Jobs",
    says: "6 retries, 10 s doubled, 6 min at most",
    source: "docs.redhat.com/documentation/openshift_container_platform/3.9, developer guide, job failure policy",
    policy: make({ ...noTimeout, attempts: 7, waitInitial: "10 seconds", waitMax: "6 minutes", waitJitter: 0 }),
    findings: { "wait-max-unreached": capFar, "no-jitter": "True: Pods that failed together come back together." }
  },
  {
    system: "client-go, DefaultRetry",
    says: "5 steps of 10 ms, and up to 10 % more",
    source: "k8s.io/client-go/util/retry",
    policy: make({ ...noTimeout, attempts: 5, backoff: "constant", waitInitial: 10, waitJitter: 1 }),
    findings: { "window-short": "Meant: it is for conflicts of writers, which are over at once." }
  },
  {
    system: "Docker, restart: always",
    says: "unlimited, 100 ms doubled",
    source: "docs.docker.com/reference/api/engine/version/v1.57/schemas/RestartPolicy",
    policy: make({ ...forever, ...noCap, waitJitter: 0 }),
    findings: { endless: noEnd, "no-jitter": inStep }
  },
  {
    system: "Kafka, producer",
    says: "unlimited, 100 ms each, for 120 s",
    source: "docs.conduktor.io/learn/advanced/producers/retries",
    policy: make({ attempts: Infinity, timeout: "120 seconds", backoff: "constant", waitJitter: 0 }),
    findings: {
      "no-jitter": "True of the documented default.",
      "no-growth-many": "True of the documented default: up to 1200 requests in two minutes."
    }
  },
  {
    system: "Solace PubSub+ for Java, foreverRetry",
    says: "unlimited, 3 s each",
    source: "docs.solace.com/API-Developer-Online-Ref-Documentation/pubsubplus-java, RetryStrategy",
    policy: make({ ...forever, backoff: "constant", waitInitial: "3 seconds", waitJitter: 0 }),
    findings: { endless: noEnd, "no-jitter": inStep }
  }
]
