/**
 * sqitch's plan: which changes there are, in which order, and what each is called in the registry.
 *
 * Facts from sqitchers/sqitch v1.3.1: lib/App/Sqitch/Plan.pm, Plan/Line.pm, Plan/Depend.pm. A plan that sqitch refuses
 * is read up to the line that it refuses.
 */
import { changeId, escapedUri, type Person, type Planned, type Project, tagId } from './sqitchIds';
import { blank, dependencyOf, isName, isReserved, name, type SqitchDependency } from './sqitchNames';

export type { SqitchDependency } from './sqitchNames';

export interface SqitchPlan {
  readonly project: Project | undefined;
  /** In the order that they are deployed in. */
  readonly changes: readonly SqitchChange[];
  /** Why sqitch refuses the plan, with the line: a sentence's end. */
  readonly refusal: string | undefined;
  /** The last line is a tag: `sqitch add` leaves a line free then. */
  readonly endsWithTag: boolean;
}

export interface SqitchChange extends Planned {
  readonly id: string;
  readonly requires: readonly SqitchDependency[];
  readonly conflicts: readonly SqitchDependency[];
  readonly tags: readonly SqitchTag[];
  /**
   * Names of the tags one of which its scripts bear when it was reworked since, in the order they are looked for: as a
   * rule it is the first.
   */
  readonly reworkTags: Iterable<string>;
}

export interface SqitchTag extends Planned {
  readonly id: string;
}

/** Never throws. */
export function readSqitchPlan(text: string): SqitchPlan {
  const reader = new PlanReader();
  try {
    for (const [i, line] of linesOf(text).entries()) reader.next(line, i + 1);
    reader.end();
  } catch (error) {
    if (!(error instanceof PlanRefusal)) throw error;
    return { ...reader.plan, refusal: error.message };
  }
  return reader.plan;
}

/**
 * The change that a dependency of the same project means.
 *
 * @param key `users`, `users@v1`, `@v1` or an id
 */
export function findChange(changes: readonly SqitchChange[], key: string): SqitchChange | undefined {
  const at = key.indexOf('@');
  if (at < 0) return changes.find((it) => it.name === key || it.id === key);
  const [wanted, tag] = [key.slice(0, at), key.slice(at + 1)];
  const tagged = tag === 'HEAD' ? changes.length - 1 : tag === 'ROOT' ? 0 : changes.findIndex((it) => hasTag(it, tag));
  const until = changes.slice(0, tagged + 1);
  return wanted === '' ? until.at(-1) : until.findLast((it) => it.name === wanted);
}

const hasTag = ({ tags }: SqitchChange, tag: string): boolean => tags.some((it) => it.name === tag);

/** The plan cannot be read on. */
class PlanRefusal extends Error {}

type Draft = { -readonly [Key in keyof SqitchChange]: SqitchChange[Key] } & { tags: SqitchTag[] };

class PlanReader {
  private readonly pragmas = new Map<string, string>();
  private readonly changes: Draft[] = [];
  private readonly tagLines = new Map<string, number>();
  /** Indexes of the changes of a name, or with this id, in their order. */
  private readonly places = new Map<string, number[]>();
  private readonly tagPlaces = new Map<string, number>();
  /** Indexes of the changes that have tags, in their order. */
  private readonly tagged: number[] = [];
  private inHeader = true;
  private lastIsTag = false;
  private line = 0;
  /** Lines of the changes behind the last tag: a name stands once among them. */
  private section = new Map<string, number>();

  get plan(): SqitchPlan {
    const { changes, project, lastIsTag } = this;
    return { project, changes, refusal: undefined, endsWithTag: lastIsTag };
  }

  next(text: string, line: number): void {
    this.line = line;
    const comment = commentLine.exec(text);
    if (comment) {
      this.inHeader &&= (comment[1] ?? '').trim() !== '';
      return;
    }
    const [content, note] = parted(text);
    if (this.inHeader) this.pragma(content);
    else this.planned(content, unescaped(note));
  }

  end(): void {
    if (this.project === undefined) this.refuse('it has no %project');
    this.checkSection();
  }

  private get project(): Project | undefined {
    const name = this.pragmas.get('project');
    const uri = this.pragmas.get('uri');
    return name === undefined ? undefined : { name, uri: uri && escapedUri(uri) };
  }

  private pragma(content: string): void {
    const [, key, value] = pragmaLine.exec(content) ?? [];
    if (key === undefined)
      this.refuse('a pragma begins with "%", and an empty line stands between them and the changes');
    if (key === 'project' && !isName(value ?? '')) this.refuse(`"${value ?? ''}" is no name for a project`);
    this.pragmas.set(key, value ?? '1');
  }

  private planned(content: string, note: string): void {
    const project = this.project ?? this.refuse('it has no %project');
    const isTag = tagLine.test(content);
    const { name, dependencies, ...rest } = this.partsOf(content);
    const planned: Planned = { name, note, ...rest };
    this.lastIsTag = isTag;
    if (!isTag) this.change(project, planned, dependencies);
    else if (dependencies !== undefined) this.refuse('tags may not have dependencies');
    else this.tag(project, planned);
  }

  private partsOf(content: string): Pick<Planned, 'name' | 'date' | 'planner'> & { readonly dependencies?: string } {
    const found = plannedLine.exec(content)?.groups;
    const { title, dependencies, date, planner, email } = found ?? {};
    if (title === undefined || (date === undefined && anyDate.test(content))) this.refuse('no valid name stands first');
    if (date === undefined) this.refuse('the time stamp is missing');
    if (planner === undefined || email === undefined) this.refuse('the name and the email of its planner are missing');
    if (isReserved(title)) this.refuse(`"${title}" is a reserved name`);
    const person: Person = { name: planner, email };
    return { name: title, date, planner: person, ...(dependencies === undefined ? {} : { dependencies }) };
  }

  private tag(project: Project, planned: Planned): void {
    const last = this.changes.at(-1);
    const { name } = planned;
    if (name.includes('/')) this.refuse(`the tag "${name}" has a "/"`);
    if (!last) this.refuse(`the tag "${name}" stands before any change`);
    const former = this.tagLines.get(name);
    if (former !== undefined) this.refuse(`the tag "${name}" stands in line ${former}, too`);
    this.checkSection();
    this.section = new Map();
    this.tagLines.set(name, this.line);
    const at = this.changes.length - 1;
    this.tagPlaces.set(name, at);
    if (this.tagged.at(-1) !== at) this.tagged.push(at);
    last.tags.push({ ...planned, id: tagId(project, planned, last.id) });
  }

  private change(project: Project, planned: Planned, list: string | undefined): void {
    const former = this.section.get(planned.name);
    if (former !== undefined) this.refuse(`"${planned.name}" stands in line ${former}, too, with no tag between`);
    const all = this.dependenciesOf(project, list);
    const change = {
      ...planned,
      requires: all.filter(({ conflicts }) => !conflicts),
      conflicts: all.filter(({ conflicts }) => conflicts),
    };
    this.section.set(planned.name, this.line);
    this.rework(planned.name);
    const id = changeId(project, change, this.changes.at(-1)?.id);
    for (const key of [planned.name, id]) {
      const places = this.places.get(key) ?? [];
      places.push(this.changes.length);
      this.places.set(key, places);
    }
    this.changes.push({ ...change, id, tags: [], reworkTags: [] });
  }

  private dependenciesOf({ name }: Project, list: string | undefined): readonly SqitchDependency[] {
    const texts = list === undefined ? [] : list.split(blanks).filter((it) => it !== '');
    const known = new Set<string>();
    const twice = texts.find((it) => known.size === known.add(it).size);
    if (twice !== undefined) this.refuse(`the dependency "${twice}" stands twice`);
    return texts.map((it) => dependencyOf(it, name) ?? this.refuse(`"${it}" is no dependency`));
  }

  /** The scripts of the former change of that name bear one of the tags since, the last change's first. */
  private rework(name: string): void {
    const at = this.places.get(name)?.at(-1);
    const former = at === undefined ? undefined : this.changes[at];
    if (at === undefined || !former) return;
    const { changes, tagged } = this;
    const until = tagged.length;
    former.reworkTags = {
      *[Symbol.iterator]() {
        for (let i = until - 1; (tagged[i] ?? -1) >= at; i--)
          for (const tag of changes[tagged[i] ?? at]?.tags ?? []) yield tag.name;
      },
    };
  }

  /** Each change of this project that is required stands before the one that requires it. */
  private checkSection(): void {
    const start = this.changes.length - this.section.size;
    for (const [i, { name, requires }] of this.changes.slice(start).entries()) {
      const missing = requires.find((it) => isOwn(it) && !this.isBefore(start + i, it.key));
      if (missing) this.refuse(`"${name}" requires "${missing.key}", which does not stand before it`);
    }
  }

  /** Whether findChange would find one among so many changes. */
  private isBefore(count: number, key: string): boolean {
    const at = key.indexOf('@');
    const first = (name: string): number => this.places.get(name)?.[0] ?? count;
    if (at < 0) return first(key) < count;
    const [wanted, tag] = [key.slice(0, at), key.slice(at + 1)];
    const tagged = tag === 'HEAD' ? count - 1 : tag === 'ROOT' ? 0 : (this.tagPlaces.get(tag) ?? count);
    return tagged < count && (wanted === '' ? tagged >= 0 : first(wanted) <= tagged);
  }

  private refuse(why: string): never {
    throw new PlanRefusal(`line ${this.line}: ${why}`);
  }
}

/** Of the plan itself, and not by an id, which may be another project's. */
const isOwn = ({ project, id }: SqitchDependency): boolean => project === undefined && id === undefined;

const linesOf = (text: string): string[] => {
  const lines = text.split('\n').map((it) => it.replace(/\r$/, ''));
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
};

// A line separator of Unicode ends no line for sqitch.
const commentLine = new RegExp(`^${blank}*(?:#${blank}*(.+)|$)`, 'su');
const tagLine = new RegExp(`^${blank}*@`, 'u');
const blanks = new RegExp(`${blank}+`, 'u');
const time = String.raw`\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z`;
const anyDate = new RegExp(time);
const pragmaLine = new RegExp(`^${blank}*%${blank}*([^${blank.slice(1, -1)}=]+?)(?:${blank}*=${blank}*(.+))?$`, 'su');
const plannedLine = new RegExp(
  `^${blank}*(?:@|${blank}*[+-]${blank}*)?(?<title>${name})${blank}*(?:\\[(?<dependencies>[^\\]]+)\\]${blank}*)?` +
    `(?:(?<date>${time})${blank}*)?(?:(?!${blank})(?<planner>[^<]+)${blank}<(?<email>[^>]+)>)?$`,
  'u',
);

const isBlank = new RegExp(`^${blank}$`, 'u');

/** What stands before `#`, without blanks at its end, and the note behind it. */
function parted(text: string): readonly [content: string, note: string] {
  const at = text.indexOf('#');
  let end = at < 0 ? text.length : at;
  while (end > 0 && isBlank.test(text.charAt(end - 1))) end--;
  return [text.slice(0, end), at < 0 ? '' : text.slice(at + 1)];
}

const escapes: Readonly<Record<string, string>> = { '\\n': '\n', '\\r': '\r', '\\\\': '\\' };

const unescaped = (note: string): string => note.trim().replaceAll(/\\[\\nr]/g, (it) => escapes[it] ?? it);
