import { megapixelSizes } from '../megapixel-sizes.js';

const ratios = ['1:1', '16:9', '21:9', '3:2', '2:3', '4:5', '5:4', '9:16', '9:21'];

/** The vendor takes an aspect ratio and no size: what each comes to at one megapixel, and the word that asks for it. */
export const stabilitySizes: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(megapixelSizes).filter(([, ratio]) => ratios.includes(ratio)),
);
