/** What the engine tells without being asked: people hear of it at once, scripts find it in the JSON of the command. */
import type { News } from '../engine/world';
import { printed } from './render/json';
import type { Terminal } from './terminal';

export interface NewsStand {
  readonly tell: (news: News) => void;
  /** Writes a JSON value, with `recovered` and `dropped` in it when there was anything. */
  readonly print: (value: object) => void;
}

export function newsFor(terminal: Terminal, json: boolean): NewsStand {
  const recovered: string[] = [];
  const dropped: string[] = [];
  const say = (text: string): void => {
    if (!json) terminal.say(text);
  };
  return {
    tell(news) {
      switch (news.kind) {
        case 'recovered':
          recovered.push(news.message);
          return say(`${terminal.paintMessage('yellow', 'recovered:')} ${news.message}`);
        case 'dropped':
          dropped.push(news.message);
          return say(news.message);
        case 'waiting':
          return say(`Waiting for ${news.target}…`);
      }
    },
    print: (value) =>
      terminal.out(
        printed({ ...value, ...(recovered.length > 0 && { recovered }), ...(dropped.length > 0 && { dropped }) }),
      ),
  };
}
