import { expect, test } from "vitest";

import { withoutFolder } from "./short-path.ts";

test("what lies in the folder is told without it, anything else as it is", () => {
  expect(withoutFolder("Edit /home/ada/blog/src/a.ts", "/home/ada/blog/")).toBe("Edit src/a.ts");
  expect(withoutFolder("cp /home/ada/blog/a /home/ada/blog/b", "/home/ada/blog")).toBe("cp a b");
  expect(withoutFolder("Read /home/ada/blog-two/a.ts", "/home/ada/blog")).toBe("Read /home/ada/blog-two/a.ts");
  expect(withoutFolder("Read /etc/hosts", "/")).toBe("Read /etc/hosts");
  expect(withoutFolder("Read /etc/hosts", "")).toBe("Read /etc/hosts");
});
