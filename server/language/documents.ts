/** The open documents, and the files of the world with the open texts laid over them. */
import { type Connection, TextDocuments } from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { isMarked, withoutMark } from '../engine/base/text';
import { unlessUnreadable } from '../engine/base/unlessUnreadable';
import type { Files } from '../engine/world';
import { pathOf } from './uri';

/** An open document that is a file of this machine. */
export interface OpenFile {
  readonly path: string;
  readonly document: TextDocument;
}

export interface Documents {
  get(uri: string): TextDocument | undefined;
  /** The open document of this file. */
  at(path: string): TextDocument | undefined;
  /** In the order in which they were opened. */
  files(): readonly OpenFile[];
  onOpen(listener: (document: TextDocument) => void): void;
  /** Called when a document was edited, and after `onOpen` too. */
  onChange(listener: (document: TextDocument) => void): void;
  onSave(listener: (document: TextDocument) => void): void;
  onClose(listener: (document: TextDocument) => void): void;
}

export function openDocuments(connection: Connection): Documents {
  const documents = new TextDocuments(TextDocument);
  const byPath = new Map<string, string>();
  documents.onDidOpen(({ document: { uri } }) => {
    const path = pathOf(uri);
    if (path !== undefined) byPath.set(path, uri);
  });
  documents.onDidClose(({ document: { uri } }) => {
    byPath.delete(pathOf(uri) ?? uri);
  });
  documents.listen(connection);

  const get = (uri: string) => documents.get(uri);
  return {
    get,
    at: (path) => get(byPath.get(path) ?? ''),
    files: () =>
      [...byPath].flatMap(([path, uri]) => {
        const document = get(uri);
        return document ? [{ path, document }] : [];
      }),
    onOpen: (listener) => void documents.onDidOpen(({ document }) => listener(document)),
    onChange: (listener) => void documents.onDidChangeContent(({ document }) => listener(document)),
    onSave: (listener) => void documents.onDidSave(({ document }) => listener(document)),
    onClose: (listener) => void documents.onDidClose(({ document }) => listener(document)),
  };
}

/**
 * What is open in the editor wins over what is on the disk, from the first keystroke on. But a file that is no UTF-8
 * is shown with replacement characters; the tool will read something else, and so it is as unreadable as on the disk.
 */
export function withOpenTexts(disk: Files, documents: Documents): Files {
  return {
    read(path) {
      const text = documents.at(path)?.getText();
      if (text === undefined) return disk.read(path);
      if (text.includes('\uFFFD')) disk.read(path);
      return withoutMark(text);
    },
    list: (folder) => disk.list(folder),
    isMarked(path) {
      const text = documents.at(path)?.getText();
      // It may have been saved with one, or without, since it was read: most editors keep it out of the text.
      if (text !== undefined) unlessUnreadable(() => disk.read(path));
      return (text !== undefined && isMarked(text)) || disk.isMarked(path);
    },
    write: (path, text) => disk.write(path, text),
    replace: (path, text) => disk.replace(path, text),
  };
}
