/**
 * What the files of a project literally say about Flyway, whatever they are written in: `flyway.toml`, `flyway.conf`,
 * Spring's, Quarkus's and Micronaut's properties, the plug-ins of Maven and Gradle. Nothing is evaluated.
 *
 * Facts from flyway/flyway 13.0.0: internal/configuration/ConfigUtils.java, TomlUtils.java, models/.
 */
import { propertiesIn, type Setting, yamlEntries } from './settingsFiles';
import { tomlValues } from './toml';

/**
 * Names are without `flyway.` before them; of a list the parts have `,` between. Never throws.
 *
 * @param file its path, whose end tells how it is written
 */
export function settingsIn(file: string, text: string): readonly Setting[] {
  if (file.endsWith('.toml')) return ofTables(tomlEntries(text));
  if (file.endsWith('.conf') || file.endsWith('.properties')) return named(propertiesIn(text));
  if (/\.ya?ml$/.test(file)) return named(yamlEntries(text));
  return file.endsWith('pom.xml') ? mavenEntries(text) : gradleEntries(text);
}

/** Those of Flyway, however the framework around it calls them. */
function named(entries: readonly Setting[]): Setting[] {
  return entries.flatMap(([name, value]) => {
    const [, own] = /^(?:(?:spring|quarkus)\.)?flyway\.(?:datasources\.[^.]+\.)?(.+)$/.exec(name) ?? [];
    return own === undefined ? [] : [[own, value] as const];
  });
}

const ofEnvironment = ['url', 'user', 'password', 'schemas'];

/** Schemas and the connection are settings of an environment; without a choice it is the one that is called `default`. */
function ofTables(entries: readonly Setting[]): Setting[] {
  const environment = entries.find(([name]) => name === 'flyway.environment')?.[1] ?? 'default';
  const within = entries.flatMap(([name, value]) =>
    name.startsWith(`environments.${environment}.flyway.`) ||
    ofEnvironment.some((it) => name === `environments.${environment}.${it}`)
      ? [[name.slice(`environments.${environment}.`.length).replace(/^flyway\./, ''), value] as const]
      : [],
  );
  return [...within, ...named(entries)];
}

const tomlEntries = (text: string): Setting[] =>
  [...(tomlValues(text) ?? [])].map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : String(value)]);

/** `<configuration>` of the plug-in. */
function mavenEntries(text: string): Setting[] {
  const bare = text.replaceAll(/<!--[\s\S]*?-->/g, '');
  const plugin = /<artifactId>\s*flyway-maven-plugin\s*<\/artifactId>(?:(?!<\/plugin>)[\s\S])*/.exec(bare)?.[0] ?? '';
  const [, inner = ''] = /<configuration>([\s\S]*?)<\/configuration>/.exec(plugin) ?? [];
  return [...inner.matchAll(/<([\w.-]+)>([\s\S]*?)<\/\1>/g)].flatMap(([, name = '', value = '']): Setting[] => {
    const parts = [...value.matchAll(/<([\w.-]+)>\s*([\s\S]*?)\s*<\/\1>/g)];
    if (name === 'placeholders')
      return parts.map(([, key = '', it = '']) => [`placeholders.${key}`, plain(it)] as const);
    return [[name, parts.length > 0 ? parts.map(([, , it = '']) => plain(it)).join(',') : plain(value.trim())]];
  });
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

const plain = (xml: string): string => xml.replaceAll(/&(\w+);/g, (whole, name: string) => entities[name] ?? whole);

/** The block `flyway { … }`, in Groovy and in Kotlin, a setting a line. */
function gradleEntries(text: string): Setting[] {
  const [, block = ''] = /^flyway\s*\{([\s\S]*?)^\}/m.exec(text) ?? [];
  return [...block.matchAll(/^[ \t]*(\w+)[ \t]*(?:=|\.set\()?[ \t]*(.+?)[ \t]*\)?[ \t]*$/gm)].flatMap(
    ([, name = '', written = '']) => {
      const strings = [...written.matchAll(/"([^"$]*)"|'([^']*)'/g)].map(([, one, other]) => one ?? other ?? '');
      if (name === 'placeholders')
        return strings.flatMap((key, at) =>
          at % 2 === 0 ? [[`placeholders.${key}`, strings[at + 1] ?? ''] as const] : [],
        );
      const value = strings.length > 0 ? strings.join(',') : written;
      return strings.length > 0 || /^(?:true|false|\d+)$/.test(value) ? [[name, value] as const] : [];
    },
  );
}
