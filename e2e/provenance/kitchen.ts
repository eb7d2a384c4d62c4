// SPDX-License-Identifier: Apache-2.0
import type { StepOutcome, TektonBehaviour, TektonStep } from '../testbed/node-agent/tekton-behaviour.ts';
import type { PushedImage } from '../testbed/registry/push-image.ts';
import type { Registry } from '../testbed/registry/registry.ts';
import { COMMIT, FLAVOURS, SOURCE } from './bakery-pipeline.ts';

/** The digest of the list of ingredients, which is not an image. */
export const SBOM_DIGEST = `sha256:${'b0'.repeat(32)}`;
const SBOM = { uri: 'https://sbom.example.com/loaf.json', digest: SBOM_DIGEST, isBuildArtifact: 'true' };

/** The results of the steps of the bakery's tasks; the images exist. */
export class Kitchen {
  readonly #registry: Registry;
  /** The image of each flavour, and `box`. */
  readonly images: ReadonlyMap<string, PushedImage>;

  private constructor(registry: Registry, images: ReadonlyMap<string, PushedImage>) {
    this.#registry = registry;
    this.images = images;
  }

  /** Pushes the images. */
  static async open(registry: Registry): Promise<Kitchen> {
    const names = [...FLAVOURS, 'box'];
    const pushed = names.map(async (name) => [name, await registry.pushImage(`bakery/${name}`)] as const);
    return new Kitchen(registry, new Map(await Promise.all(pushed)));
  }

  /** The subject that an image makes. */
  subject(name: string): { readonly name: string; readonly digest: Readonly<Record<string, string>> } {
    const sha256 = this.image(name).digest.slice('sha256:'.length);
    return { name: this.#repository(name), digest: { sha256 } };
  }

  image(name: string): PushedImage {
    const image = this.images.get(name);
    if (image === undefined) throw new Error(`the kitchen makes no ${name}`);
    return image;
  }

  /** The outcome of each step. */
  get behaviour(): TektonBehaviour {
    return (step) => this.#outcome(step);
  }

  #outcome({ stepName, command, labels }: TektonStep): StepOutcome | undefined {
    switch (labels['tekton.dev/pipelineTask']) {
      case 'fetch':
        return stepName === 'clone'
          ? { stepResults: { 'CHAINS-GIT_URL': SOURCE.url, 'CHAINS-GIT_COMMIT': COMMIT } }
          : { stepResults: { grams: '812' } };
      case 'bake':
        return { results: this.#imageResults(FLAVOURS.find((flavour) => command.includes(flavour)) ?? '') };
      case 'taste':
        return { exitCode: 1 };
      case 'pack':
        return {
          results: { ...this.#imageResults('box'), 'sbom-ARTIFACT_OUTPUTS': SBOM, labels: ['fresh', 'a < b & "c"'] },
        };
      case 'simmer':
        return { delayMilliseconds: 600_000 };
      default:
        return undefined;
    }
  }

  #imageResults(name: string): Readonly<Record<string, string>> {
    return { IMAGE_URL: this.#repository(name), IMAGE_DIGEST: this.image(name).digest };
  }

  #repository(name: string): string {
    return `${this.#registry.host}/bakery/${name}`;
  }
}
