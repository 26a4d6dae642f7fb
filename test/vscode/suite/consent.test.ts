/** A target that is not on this machine is never changed by one click. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { askConsent, sendWith } from '../../../client/consent';
import type { TargetItem } from '../../../server/protocol/messages';
import { answering, press, theExtension, turningAway, typing } from './support';

const here: TargetItem = {
  label: 'shop_dev@localhost:5432',
  name: 'shop_dev',
  local: true,
  engine: 'server',
  because: 'DATABASE_URL in .env',
  server: 'PostgreSQL 16.4',
};
const elsewhere: TargetItem = { ...here, label: 'shop@db.example.com:5432', name: 'shop', local: false };
const question = { asks: 'Apply 2 migrations?', detail: 'A snapshot is taken first.', button: 'Apply to shop' };

describe('consent', () => {
  before(theExtension);

  it('one button on this machine', async () => {
    const [consent, dialogs] = await asking(here, [press]);
    deepEqual(consent, { disconnect: false });
    deepEqual(dialogs, ['showWarningMessage']);
  });

  it('its name has to be typed for a target elsewhere', async () => {
    const [consent, dialogs] = await asking(elsewhere, [press, typing('shop')]);
    deepEqual(consent, { disconnect: false, confirmedName: 'shop' });
    deepEqual(dialogs, ['showWarningMessage', 'showInputBox']);
  });

  it('another name is no consent, and the box says so while it is typed', async () => {
    const [consent] = await asking(elsewhere, [press, typing('shop_dev')]);
    equal(consent, undefined);
    await answering(
      [
        press,
        ({ args }) => {
          const { validateInput } = args[0] as { validateInput: (name: string) => string | undefined };
          ok(validateInput('shop_dev'));
          equal(validateInput('shop'), undefined);
          return undefined;
        },
      ],
      () => askConsent(elsewhere, question),
    );
  });

  it('others are disconnected only after they were listed', async () => {
    const sent: boolean[] = [];
    const send = async ({ disconnect }: { disconnect: boolean }) => {
      sent.push(disconnect);
      return disconnect ? ({ kind: 'done' } as const) : ({ kind: 'busy', sessions: ['psql of ana'] } as const);
    };
    let result: unknown;
    const asked = await answering([press], async () => {
      result = await sendWith({ disconnect: false }, here, send);
    });
    deepEqual(result, { kind: 'done' });
    deepEqual(sent, [false, true]);
    ok((asked[0]!.args[1] as { detail: string }).detail.includes('psql of ana'));
    await answering([turningAway], async () => {
      result = await sendWith({ disconnect: false }, here, send);
    });
    equal(result, undefined);
    deepEqual(sent, [false, true, false]);
  });
});

async function asking(target: TargetItem, answers: Parameters<typeof answering>[0]) {
  let consent: unknown;
  const asked = await answering(answers, async () => {
    consent = await askConsent(target, question);
  });
  return [consent, asked.map((it) => it.dialog)] as const;
}
