import { learningEndpoints } from "../../../contract/features/chief.ts";
import type { Mount } from "../../http/mount.ts";
import type { Learning } from "./learning-service.ts";

/** Mounts the endpoints of what was learned. */
export function mountLearning(mount: Mount, learning: Learning): void {
  mount(
    "learning",
    learningEndpoints,
  )({
    list: ({ query }) => learning.list(query),
    preview: ({ query }) => learning.preview(query),
    async override({ body }) {
      const { override, ...of } = body;
      await learning.override(of, override);
      return learning.list({ type: of.type, app: of.appId ?? undefined });
    },
    async reset({ body }) {
      await learning.reset(body.type);
      return learning.list({ type: body.type ?? undefined });
    },
    async restore() {
      await learning.restore();
      return learning.list({});
    },
  });
}
