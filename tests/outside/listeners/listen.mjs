// A subscriber in Node with the read-only login: it reads the durables of its name, checks every event with the
// official CloudEvents SDK, and proves from ce-sequence that it missed nothing. It listens until its standard input is
// closed and nothing is left, then prints a line of JSON.
import { connect } from "nats";
import { HTTP } from "cloudevents";

const user = "subscriber";
const streams = ["CUSTOMER", "TICKET", "APPRAISAL", "NOTIFY"];
const seen = new Map(); // "noun id" → the sequences that have come
const report = { events: 0, repeats: 0, aggregates: 0, gaps: 0, invalid: [], replayed: 0 };

const { host, password } = new URL(process.env.NATS_URL);
const client = await connect({
  servers: host,
  user,
  pass: password,
  inboxPrefix: `_INBOX_${user}`,
  maxReconnectAttempts: -1,
  reconnectTimeWait: 200,
});
const js = client.jetstream();
let isEnding = false;
process.stdin.resume().on("end", () => (isEnding = true));

function headersOf(raw) {
  const headers = { "content-type": raw.get("ce-datacontenttype") };
  for (const [name, [value]] of raw) headers[name.toLowerCase()] = decodeURIComponent(value);
  return headers;
}

function check(message) {
  try {
    const event = HTTP.toEvent({ headers: headersOf(message.headers), body: message.string() });
    event.validate();
    if (event.type !== `kefu.${message.subject}.v1`) throw new Error(`is of type ${event.type}`);
    return event;
  } catch (error) {
    report.invalid.push(`${message.subject}: ${error.message}`);
    return null;
  }
}

function remember(message, event) {
  const noun = message.subject.slice(0, message.subject.lastIndexOf("."));
  const key = `${noun} ${event.subject}`;
  if (!seen.has(key)) seen.set(key, new Set());
  const sequences = seen.get(key);
  const sequence = Number(event.sequence);
  sequences.has(sequence) ? report.repeats++ : report.events++;
  sequences.add(sequence);
}

async function patiently(ask) {
  for (;;) {
    try {
      return await ask();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 200)); // the broker is being killed again and again
    }
  }
}

async function listen(stream) {
  for (;;) {
    const consumer = await patiently(() => js.consumers.get(stream, user));
    try {
      const batch = await consumer.fetch({ max_messages: 200, expires: 1000 });
      for await (const message of batch) {
        const event = check(message);
        if (event !== null) remember(message, event);
        message.ack();
      }
    } catch {
      continue;
    }
    if (isEnding) {
      await client.flush().catch(() => null);
      const { num_pending: pending, num_ack_pending: unanswered } = await patiently(() => consumer.info());
      if (pending === 0 && unanswered === 0) return;
    }
  }
}

// What is stored can be read again from any sequence, without a consumer.
async function replay(stream, from, count) {
  const manager = await js.jetstreamManager(false);
  for (let place = from; place < from + count; place++) {
    const message = await manager.direct.getMessage(stream, { seq: place });
    if (HTTP.toEvent({ headers: headersOf(message.header), body: message.string() }).validate()) report.replayed++;
  }
}

await Promise.all(streams.map(listen));
await replay("TICKET", 1, 20);
report.aggregates = seen.size;
for (const sequences of seen.values()) report.gaps += Math.max(...sequences) - sequences.size;
await client.close();
console.log(JSON.stringify(report));
