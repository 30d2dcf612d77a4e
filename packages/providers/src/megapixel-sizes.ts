/** What models make of an aspect ratio at one megapixel, and the word that asks for it. */
export const megapixelSizes: Readonly<Record<string, string>> = {
  '1024x1024': '1:1',
  '1344x768': '16:9',
  '1536x640': '21:9',
  '1216x832': '3:2',
  '832x1216': '2:3',
  '896x1088': '4:5',
  '1088x896': '5:4',
  '896x1152': '3:4',
  '1152x896': '4:3',
  '768x1344': '9:16',
  '640x1536': '9:21',
};
