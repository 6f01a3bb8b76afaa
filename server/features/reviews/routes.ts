import { reviewsEndpoints } from "../../../contract/features/reviews.ts";
import type { Mount } from "../../http/mount.ts";
import { demandWhenFree } from "../../demand-when-free.ts";
import type { ReviewService, ReviewServiceOptions } from "./review-service.ts";

/** Mounts the endpoints of reviews. */
export function mountReviews(
  mount: Mount,
  reviews: ReviewService,
  runs: Pick<ReviewServiceOptions["runs"], "get">,
): void {
  mount(
    "reviews",
    reviewsEndpoints,
  )({
    list: () => reviews.list(),
    get: ({ params }) => reviews.get(params.id),
    file: ({ params, query }) => reviews.file(params.id, query.path),
    addComment: ({ params, body }, { caller }) => reviews.addComment(params.id, body, caller.name),
    updateComment: ({ params, body }) => reviews.updateComment(params.id, params.comment, body.text),
    removeComment: ({ params }) => reviews.removeComment(params.id, params.comment),
    async send({ params, body }, context) {
      await demandWhenFree(runs, params.id, context);
      return reviews.send(params.id, body.text);
    },
    message: async ({ params }) => ({ text: await reviews.message(params.id) }),
    async bringUpToDate({ params }, context) {
      await demandWhenFree(runs, params.id, context);
      return reviews.bringUpToDate(params.id);
    },
    accept: ({ params, body }) => reviews.accept(params.id, body),
    revert: ({ params, body }, { caller }) => reviews.revert(params.id, body, caller.name),
    undoRevert: ({ params }) => reviews.undoRevert(params.id),
    check: ({ params }) => reviews.check(params.id),
    stopChecks: ({ params }) => reviews.stopChecks(params.id),
    async merge({ params, body }, { caller }) {
      await reviews.decide.merge(params.id, body, caller.name);
      return reviews.get(params.id);
    },
    async branch({ params, body }, { caller }) {
      await reviews.decide.branch(params.id, body, caller.name);
      return reviews.get(params.id);
    },
    async discard({ params, body }, { caller }) {
      await reviews.decide.discard(params.id, body, caller.name);
      return reviews.get(params.id);
    },
    async undo({ params }, { caller }) {
      await reviews.decide.undo(params.id, caller.name);
      return reviews.get(params.id);
    },
  });
}
