/** The route of the configured repositories: by which names subagents can be sent into one. Shows no path and no git. */
import { repositoriesAnswer } from './answers.ts';
import { noQuery } from './fields.ts';
import type { AppPorts } from './ports.ts';
import { get, json, type Route } from './route.ts';

export function repositoryRoutes({ spawn }: Pick<AppPorts, 'spawn'>): Route[] {
  return [
    get({
      name: 'listRepositories',
      path: '/v1/repositories',
      scope: 'read',
      summary: 'Lists the repositories that subagents can work in.',
      details: 'What `repo` of a spawn may name. None where the host has no git.',
      query: noQuery,
      answers: { 200: { description: 'The repositories.', schema: repositoriesAnswer } },
      problems: [],
      handle: () =>
        json(repositoriesAnswer, 200, {
          repositories: spawn.repositories.map((name) => ({ name })),
          next: null,
        }),
    }),
  ];
}
