// SPDX-License-Identifier: Apache-2.0
import ts from 'typescript';

interface Declared {
  readonly name: string;
  /** `src/a.ts:12` */
  readonly place: string;
  readonly what: 'class member' | 'exported function' | 'option';
}

/** Names of one file. */
interface Names {
  readonly declared: readonly Declared[];
  /** Names read, called or destructured. */
  readonly used: ReadonlySet<string>;
  /** Names that object literals set. */
  readonly set: ReadonlySet<string>;
}

/** Members that the language calls. */
const BUILT_IN: ReadonlySet<string> = new Set(['toString', 'toJSON', 'next', 'return']);

/**
 * Finds public class members, exported functions and optional `*Options` that only tests use. It compares names and resolves no types:
 * a name in use for something else hides a dead one.
 * @param files text by path, tests and fixtures left out; names are searched in all of them and judged below src/
 * @param allowed names that stay
 * @returns one line for each name, with its place
 */
export function testOnlyNames(files: ReadonlyMap<string, string>, allowed: ReadonlySet<string>): readonly string[] {
  const all = Array.from(files, ([path, text]) => namesOf(path, text));
  const used = union(all.map((names) => names.used));
  const set = union(all.map((names) => names.set));
  const unused = all
    .flatMap(({ declared }) => declared)
    .filter(({ name, place, what }) => place.startsWith('src/') && !(what === 'option' ? set : used).has(name));
  const names = new Set(unused.map(({ name }) => name));
  return [
    ...unused
      .filter(({ name }) => !allowed.has(name))
      .map(({ name, place, what }) => `${place}: only tests use the ${what} "${name}"; remove it`),
    ...[...allowed].filter((name) => !names.has(name)).map((name) => `"${name}" need not be allowed any more`),
  ];
}

function namesOf(path: string, text: string): Names {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const declared: Declared[] = [];
  const used = new Set<string>();
  const set = new Set<string>();
  const packageNames = importedFromPackages(source);
  const declare = (name: ts.Node, what: Declared['what']): void => {
    const line = source.getLineAndCharacterOfPosition(name.getStart(source)).line + 1;
    declared.push({ name: name.getText(source), place: `${path}:${line}`, what });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isClassDeclaration(node) && !isOfPackage(node, packageNames)) {
      for (const { name } of node.members.filter(isPublic)) declare(name, 'class member');
    } else if (ts.isInterfaceDeclaration(node)) {
      for (const name of optionNames(node)) declare(name, 'option');
    } else if (ts.isFunctionDeclaration(node)) {
      if (node.name !== undefined && isExported(node)) declare(node.name, 'exported function');
    } else if (ts.isObjectLiteralElementLike(node)) {
      if (node.name !== undefined) set.add(node.name.getText(source));
    } else if (ts.isIdentifier(node) && isUse(node)) used.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { declared, used, set };
}

type Named = ts.ClassElement & { readonly name: ts.Identifier };

function isPublic(member: ts.ClassElement): member is Named {
  return member.name !== undefined && ts.isIdentifier(member.name) && !BUILT_IN.has(member.name.text);
}

function optionNames(node: ts.InterfaceDeclaration): readonly ts.Node[] {
  if (!isExported(node) || !node.name.text.endsWith('Options')) return [];
  return node.members.flatMap(({ name, questionToken }) =>
    name === undefined || questionToken === undefined ? [] : [name],
  );
}

function isExported(node: ts.HasModifiers): boolean {
  return ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;
}

/** True when a package calls the members of the class, because it implements or extends a type of it. */
function isOfPackage(node: ts.ClassDeclaration, packageNames: ReadonlySet<string>): boolean {
  const types = node.heritageClauses?.flatMap((clause) => clause.types) ?? [];
  return types.some((type) => [...packageNames].some((name) => new RegExp(`\\b${name}\\b`).test(type.getText())));
}

function importedFromPackages(source: ts.SourceFile): ReadonlySet<string> {
  const names = new Set<string>();
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) || /^['"]\./.test(statement.moduleSpecifier.getText(source))) continue;
    const bindings = statement.importClause?.namedBindings;
    if (bindings !== undefined && ts.isNamedImports(bindings))
      for (const { name } of bindings.elements) names.add(name.text);
  }
  return names;
}

/** False for the names of declarations, imports, exports and the fields of types and object literals. */
function isUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent) || ts.isImportClause(parent)) return false;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  const isDeclaration =
    ts.isFunctionDeclaration(parent) ||
    ts.isClassElement(parent) ||
    ts.isTypeElement(parent) ||
    ts.isClassDeclaration(parent);
  return !isDeclaration || parent.name !== node;
}

function union(sets: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  return new Set(sets.flatMap((set) => [...set]));
}
