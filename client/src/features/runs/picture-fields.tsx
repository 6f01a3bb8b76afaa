import { ActionIcon, Button, FileButton } from "@mantine/core";

import { shrinkPicture, type SmallPicture } from "../../lib/shrink-picture.ts";
import { errorToast } from "../../lib/toasts.ts";
import { IconPhotoPlus, IconX } from "../../ui/icons.gen.ts";
import classes from "./composer.module.css";

const mostPictures = 4;

interface PictureFieldsProps {
  pictures: readonly SmallPicture[];
  onAdd: (files: readonly File[]) => void;
  onRemove: (index: number) => void;
}

/** Pictures that are given along: chosen, taken with the phone, or pasted into the form. */
export function PictureFields({ pictures, onAdd, onRemove }: PictureFieldsProps) {
  return (
    <div className={classes["pictures"]}>
      {pictures.map(({ name, mediaType, data }, index) => (
        <figure key={`${name}${String(index)}`} className={classes["picture"]}>
          <img src={`data:${mediaType};base64,${data}`} alt={name} />
          <ActionIcon
            variant="default"
            size={28}
            aria-label={`Leave out ${name}`}
            onClick={() => {
              onRemove(index);
            }}
          >
            <IconX size={14} />
          </ActionIcon>
        </figure>
      ))}
      {pictures.length >= mostPictures ? null : (
        <FileButton accept="image/*" multiple onChange={onAdd}>
          {(props) => (
            <Button {...props} variant="default" leftSection={<IconPhotoPlus size={14} />}>
              Add a picture
            </Button>
          )}
        </FileButton>
      )}
    </div>
  );
}

/** What was there with what was added, as many as go along; says what could not be taken. */
export async function withPictures(
  before: readonly SmallPicture[],
  files: readonly File[],
): Promise<readonly SmallPicture[]> {
  const read = await Promise.allSettled(files.slice(0, mostPictures - before.length).map(shrinkPicture));
  const failed = read.find((result) => result.status === "rejected");
  if (failed) errorToast("This is no picture that can be shown", failed.reason);
  return [...before, ...read.flatMap((result) => (result.status === "fulfilled" ? result.value : []))];
}

/** Pictures among what is pasted; empty when it is text. */
export function pastedPictures(data: DataTransfer): File[] {
  return [...data.files].filter(({ type }) => type.startsWith("image/"));
}
