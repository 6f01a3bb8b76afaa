import { emptyFinding, proposal, type Finding, type Proposal } from "../finding.ts";
import type { FolderReader } from "../../../../lib/folder-reader.ts";

interface Look {
  text: (path: string) => Promise<string | null>;
  has: (name: string) => boolean;
}

/** Simple manifests of other languages: Python, Go, Rust, Ruby, PHP, Deno, static pages. */
export async function detectLanguages(folder: FolderReader): Promise<Finding> {
  const finding = emptyFinding();
  const names = new Set((await folder.list()).map(({ name }) => name));
  const look: Look = { text: (path) => folder.readText(path, 128 * 1024), has: (name) => names.has(name) };
  for (const detect of [python, go, rust, ruby, php, deno, staticPage]) {
    const proposals = await detect(look);
    finding.proposals.push(...proposals);
    finding.lines.push(
      ...proposals.map(({ reason, run }) => (run.kind === "command" ? `${reason}: ${run.command.join(" ")}` : reason)),
    );
  }
  return finding;
}

function command(source: string, reason: string, parts: string[], port: number | null, weight = 20): Proposal {
  const name = reason
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
  return proposal({
    source,
    reason,
    name,
    run: { kind: "command", command: parts },
    ports: port === null ? [] : [port],
    weight,
  });
}

async function python({ text, has }: Look): Promise<Proposal[]> {
  const interpreter = has(".venv") ? ".venv/bin/python" : has("venv") ? "venv/bin/python" : "python3";
  const requirements =
    `${(await text("requirements.txt")) ?? ""}\n${(await text("pyproject.toml")) ?? ""}`.toLowerCase();
  if (has("manage.py"))
    return [command("manage.py", "Django", [interpreter, "manage.py", "runserver", "8000"], 8000, 25)];
  for (const file of ["main.py", "app.py", "server.py"]) {
    const source = has(file) ? await text(file) : null;
    if (source === null) continue;
    const module = file.replace(".py", "");
    if (/\bFastAPI\s*\(/.test(source))
      return [
        command(
          file,
          "FastAPI",
          [interpreter, "-m", "uvicorn", `${module}:app`, "--reload", "--port", "8000"],
          8000,
          25,
        ),
      ];
    if (/\bFlask\s*\(/.test(source))
      return [command(file, "Flask", [interpreter, "-m", "flask", "--app", module, "run", "--port", "5000"], 5000, 25)];
    if (/\bstreamlit\b/.test(source) && requirements.includes("streamlit"))
      return [command(file, "Streamlit", [interpreter, "-m", "streamlit", "run", file], 8501, 25)];
    return [command(file, "Python", [interpreter, file], null)];
  }
  return [];
}

async function go({ text, has }: Look): Promise<Proposal[]> {
  const module = await text("go.mod");
  if (module === null) return [];
  if (has("main.go")) return [command("go.mod", "Go", ["go", "run", "."], null)];
  return has("cmd")
    ? [{ ...command("go.mod", "Go", ["go", "run", "./cmd/..."], null, 0), doubts: ["Choose the command to run"] }]
    : [];
}

async function rust({ text }: Look): Promise<Proposal[]> {
  const manifest = await text("Cargo.toml");
  if (manifest === null || !/^\s*\[package\]/m.test(manifest)) return [];
  return [command("Cargo.toml", "Rust", ["cargo", "run"], null)];
}

async function ruby({ text, has }: Look): Promise<Proposal[]> {
  const gems = await text("Gemfile");
  if (gems === null) return [];
  if (has("bin") && /["']rails["']/.test(gems))
    return [command("Gemfile", "Rails", ["bin/rails", "server", "-p", "3000"], 3000, 25)];
  return has("config.ru") ? [command("config.ru", "Rack", ["bundle", "exec", "rackup", "-p", "9292"], 9292)] : [];
}

async function php({ text, has }: Look): Promise<Proposal[]> {
  if (has("artisan")) return [command("artisan", "Laravel", ["php", "artisan", "serve", "--port=8000"], 8000, 25)];
  const composer = await text("composer.json");
  if (composer === null || !has("public")) return [];
  return [command("composer.json", "PHP", ["php", "-S", "127.0.0.1:8000", "-t", "public"], 8000)];
}

function deno({ has }: Look): Promise<Proposal[]> {
  const file = ["deno.json", "deno.jsonc"].find(has);
  const main = ["main.ts", "main.js", "server.ts"].find(has);
  return Promise.resolve(file && main ? [command(file, "Deno", ["deno", "run", "-A", main], 8000)] : []);
}

function staticPage({ has }: Look): Promise<Proposal[]> {
  const isPlain = has("index.html") && !has("package.json");
  return Promise.resolve(
    isPlain ? [command("index.html", "Static pages", ["python3", "-m", "http.server", "8080"], 8080, 10)] : [],
  );
}
