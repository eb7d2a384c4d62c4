// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import ts from 'typescript';

/** A program whose types were checked, and what is wrong with them. */
export interface CheckedProgram {
  readonly program: ts.Program;
  /** The faults as `tsc` prints them; empty without any. */
  readonly faults: string;
}

/** Check the types of the checkout as `tsc -p .` does; what did not change since the state in this file is not checked again. */
export function typeCheck(root: string, statePath: string): CheckedProgram {
  const builder = ts.createIncrementalProgram(programOptions(root, statePath));
  const diagnostics = [
    ...builder.getConfigFileParsingDiagnostics(),
    ...builder.getOptionsDiagnostics(),
    ...builder.getGlobalDiagnostics(),
    ...builder.getSyntacticDiagnostics(),
    ...builder.getSemanticDiagnostics(),
  ];
  // Only the state is written: the configuration says noEmit.
  builder.emit();
  const host = {
    getCanonicalFileName: (path: string): string => path,
    getCurrentDirectory: (): string => root,
    getNewLine: (): string => '\n',
  };
  return { program: builder.getProgram(), faults: ts.formatDiagnostics(diagnostics, host) };
}

function programOptions(
  root: string,
  statePath: string,
): ts.IncrementalProgramOptions<ts.EmitAndSemanticDiagnosticsBuilderProgram> {
  const host: ts.ParseConfigFileHost = {
    ...ts.sys,
    getCurrentDirectory: () => root,
    onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
      throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'));
    },
  };
  const state = { incremental: true, tsBuildInfoFile: statePath };
  const config = ts.getParsedCommandLineOfConfigFile(join(root, 'tsconfig.json'), state, host);
  if (config === undefined) throw new Error(`${root} holds no tsconfig.json`);
  const { fileNames: rootNames, options, errors: configFileParsingDiagnostics } = config;
  return { rootNames, options, configFileParsingDiagnostics, host: ts.createIncrementalCompilerHost(options) };
}
