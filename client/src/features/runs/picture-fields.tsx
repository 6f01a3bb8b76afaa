import { ActionIcon, Button, FileButton } from "@mantine/core";

import { useObservable } from "../../lib/observable.ts";
import { IconPhotoPlus, IconX } from "../../ui/icons.gen.ts";
import { Notice } from "../../ui/notice.tsx";
import { leftOutText, mostPictures, type PictureList } from "./picture-list.ts";
import classes from "./composer.module.css";

/** Pictures that are given along: chosen, taken with the phone, or pasted into the form. */
export function PictureFields({ list }: { list: PictureList }) {
  const { pictures, pending, leftOut } = useObservable(list.given);
  return (
    <div className={classes["pictures"]}>
      {pictures.map((picture, index) => {
        const { name, mediaType, data } = picture;
        return (
          <figure key={`${name}${String(index)}`} className={classes["picture"]}>
            <img src={`data:${mediaType};base64,${data}`} alt={name} />
            <ActionIcon
              variant="default"
              size={28}
              aria-label={`Leave out ${name}`}
              onClick={() => {
                list.remove(picture);
              }}
            >
              <IconX size={14} />
            </ActionIcon>
          </figure>
        );
      })}
      {pictures.length + pending >= mostPictures ? null : (
        <FileButton accept="image/*" multiple onChange={(files) => void list.add(files)}>
          {(props) => (
            <Button {...props} variant="default" leftSection={<IconPhotoPlus size={14} />}>
              Add a picture
            </Button>
          )}
        </FileButton>
      )}
      {pending === 0 ? null : <span className="dim">Making it small…</span>}
      {leftOut === 0 ? null : <Notice tone="warn">{leftOutText(leftOut)}</Notice>}
    </div>
  );
}

/** Pictures among what is pasted; empty when it is text. */
export function pastedPictures(data: DataTransfer): File[] {
  return [...data.files].filter(({ type }) => type.startsWith("image/"));
}
