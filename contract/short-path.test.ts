import { expect, test } from "vitest";

import { callTitle, withoutFolder } from "./short-path.ts";

test("what lies in the folder is told without it, anything else as it is", () => {
  expect(withoutFolder("Edit /home/ada/blog/src/a.ts", "/home/ada/blog/")).toBe("Edit src/a.ts");
  expect(withoutFolder("cp /home/ada/blog/a /home/ada/blog/b", "/home/ada/blog")).toBe("cp a b");
  expect(withoutFolder("Edit `/home/ada/blog/a.ts` and '/home/ada/blog/b'", "/home/ada/blog")).toBe(
    "Edit `a.ts` and 'b'",
  );
  expect(withoutFolder("Read /home/ada/blog-two/a.ts", "/home/ada/blog")).toBe("Read /home/ada/blog-two/a.ts");
  expect(withoutFolder("Edit /home/ada/my blog/a.ts", "/home/ada/my blog")).toBe("Edit a.ts");
  expect(withoutFolder("Read /home/ada/blogXa/a.ts", "/home/ada/blog.a")).toBe("Read /home/ada/blogXa/a.ts");
  expect(withoutFolder("Read /etc/hosts", "/")).toBe("Read /etc/hosts");
  expect(withoutFolder("Read /etc/hosts", "")).toBe("Read /etc/hosts");
});

test("what is deleted is told whole, and a folder within a longer path is no part of it", () => {
  const title = "rm -rf /home/ada/blog/ /backup/home/ada/blog/x";
  expect(withoutFolder(title, "/home/ada/blog")).toBe(title);
  expect(withoutFolder("Delete /home/ada/blog//x", "/home/ada/blog")).toBe("Delete /home/ada/blog//x");
});

test("commands are told as they are", () => {
  const title = "Run rm -rf /home/ada/blog/x";
  expect(callTitle({ tool: "execute", title }, "/home/ada/blog")).toBe(title);
  expect(callTitle({ tool: "other", title }, "/home/ada/blog")).toBe(title);
  expect(callTitle({ tool: "execute", title: "rm \u202egpj.exe" }, "/home/ada")).toBe("rm ⟨U+202E⟩gpj.exe");
  expect(callTitle({ tool: "edit", title: "Edit /home/ada/blog/x" }, "/home/ada/blog")).toBe("Edit x");
});
