// Score an artifact in Node.js: `npm ci --ignore-scripts && node score.mjs credit.scoreline` scores its own sample.
import { readFileSync } from "node:fs";
import ort from "onnxruntime-node";

const file = readFileSync(process.argv[2]), members = {}; // a zip of stored members: one after the other
for (let at = 0; file.readUInt32LE(at) === 0x04034b50; ) {
  const start = at + 30 + file.readUInt16LE(at + 26), end = start + file.readUInt32LE(at + 22);
  members[file.toString("utf8", at + 30, start)] = file.subarray(start, end);
  at = end;
}
const manifest = JSON.parse(members["manifest.json"]), { rows } = JSON.parse(members["sample.json"]);
const session = await ort.InferenceSession.create(members["pipeline.onnx"]);

const isText = (column) => ["category", "text"].includes(column.type);
const texts = manifest.schema.columns.filter(isText), numbers = manifest.schema.columns.filter((c) => !isText(c));
const block = (columns, value) => rows.flatMap((row) => columns.map((column) => value(row[column.name])));
const blocks = {
  numbers: () => new ort.Tensor("float64", block(numbers, (v) => Number(v ?? NaN)), [rows.length, numbers.length]),
  texts: () => new ort.Tensor("string", block(texts, (v) => String(v ?? "")), [rows.length, texts.length]),
};
const feed = Object.fromEntries(session.inputNames.map((name) => [name, blocks[name]()]));
const answer = manifest.task === "regression" ? "prediction" : "probability";
const { dims, data } = (await session.run(feed, [answer]))[answer];
const width = dims[1] ?? 1, flat = Array.from(data);
console.log(JSON.stringify(rows.map((_, i) => (dims[1] ? flat.slice(i * width, (i + 1) * width) : flat[i]))));
