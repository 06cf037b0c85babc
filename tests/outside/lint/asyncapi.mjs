// The document of the events under AsyncAPI's own parser; says what it finds, and ends with 1 if that is anything.
import { readFile } from "node:fs/promises";
import { Parser } from "@asyncapi/parser";

const [path] = process.argv.slice(2);
const { document, diagnostics } = await new Parser().parse(await readFile(path, "utf8"));
const found = diagnostics.filter(({ severity }) => severity <= 1);
for (const { code, message, path: place } of found) {
  console.log(`${place.join("/")}: ${code}: ${message}`);
}
if (document === undefined || found.length > 0) process.exit(1);
console.log(`${document.messages().length} messages, ${document.channels().length} channels`);
