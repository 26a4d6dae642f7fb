/** A layout by the name of its tool. */
import { layouts } from '../../server/engine/layouts/all';
import type { Layout, LayoutName } from '../../server/engine/layouts/layout';

export function layoutNamed(name: LayoutName): Layout {
  const layout = layouts.find((it) => it.name === name);
  if (!layout) throw new Error(`there is no layout ${name}`);
  return layout;
}
