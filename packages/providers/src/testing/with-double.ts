import { startDouble, type VendorDouble } from '@darkroom/vendor-doubles';
import type { Speaker } from './speak.js';

/** With a vendor of its own, which does otherwise what is not known for certain of it. */
export async function withDouble(
  protocol: Parameters<typeof startDouble>[0],
  speakerOf: (vendor: VendorDouble) => Speaker,
  act: (there: Speaker) => Promise<void>,
): Promise<void> {
  const vendor = await startDouble(protocol);
  try {
    vendor.control({ job: { seconds: 0.1 } });
    await act(speakerOf(vendor));
  } finally {
    await vendor.stop();
  }
}
