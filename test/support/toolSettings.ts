/** What a tool is told in tests. */
import type { ToolSettings } from '../../server/engine/layouts/layout';

/** Nothing but what is given. */
export const toolSettings = (given: Partial<ToolSettings> = {}): ToolSettings => ({
  extra: {},
  settings: {},
  environment: {},
  path: '/shop/migrations',
  read: () => undefined,
  list: () => [],
  ...given,
});
