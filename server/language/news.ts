/** What the engine tells without being asked, as messages of the editor. */
import { type Connection, MessageType, ShowMessageNotification } from 'vscode-languageserver/node';
import type { News } from '../engine/world';
import { inBackground } from './background';

/** A database that was left in the middle of something is worth a message; that a server is slow is one line in the log. */
export function tellOn(connection: Connection): (news: News) => void {
  return (news) => {
    switch (news.kind) {
      case 'recovered':
        connection.console.warn(news.message);
        // The library's own showWarningMessage is a request, which waits for an answer.
        inBackground(
          connection,
          connection.sendNotification(ShowMessageNotification.type, {
            type: MessageType.Warning,
            message: news.message,
          }),
        );
        return;
      case 'dropped':
        connection.console.info(news.message);
        inBackground(
          connection,
          connection.sendNotification(ShowMessageNotification.type, { type: MessageType.Info, message: news.message }),
        );
        return;
      case 'waiting':
        connection.console.info(`${news.target} has given no answer yet.`);
    }
  };
}
