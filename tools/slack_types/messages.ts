// What faqbot sends: AnyBlock of @slack/types admits any type of block, so the known ones stand here.
import type { HomeView, KnownBlock, ModalView } from "@slack/types";

type OfKnownBlocks<View> = Omit<View, "blocks"> & { blocks: KnownBlock[] };

export type Blocks = KnownBlock[];
export type Home = OfKnownBlocks<HomeView>;
export type Modal = OfKnownBlocks<ModalView>;
