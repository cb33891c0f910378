/** The order of a plan's tasks: who waits for whom, and what is wrong with it, in words. Pure, and knows no subagent. */

interface Ordered {
  readonly id: string;
  readonly after: readonly string[];
}

/** Why these can't be done, if so: two of one name, one that waits for nobody there is, or some that wait in a circle. */
export function faultOf(tasks: readonly Ordered[]): string | undefined {
  const names = new Map<string, string>();
  for (const { id } of tasks) {
    const other = names.get(id.toLowerCase());
    if (other !== undefined) {
      return other === id
        ? `two tasks are called ${id}: each needs an id of its own`
        : `${other} and ${id} differ only in their capitals: each needs an id of its own`;
    }
    names.set(id.toLowerCase(), id);
  }
  const ids = new Set(tasks.map(({ id }) => id));
  for (const { id, after } of tasks) {
    const unknown = after.find((one) => !ids.has(one));
    if (unknown !== undefined) {
      return `${id} waits for ${unknown.slice(0, 60).toWellFormed()}, which is no task of the plan; there is ${[...ids].join(', ')}`;
    }
  }
  const circle = circleIn(tasks);
  return circle && `${circle.join(' waits for ')}: nobody could begin; take one of these out of after`;
}

/** Each behind all that it waits for, otherwise as they stand. Only for tasks without a fault. */
export function inOrder<Task extends Ordered>(tasks: readonly Task[]): Task[] {
  const placed = new Set<string>();
  const sorted: Task[] = [];
  while (sorted.length < tasks.length) {
    const next = tasks.filter(({ id, after }) => !placed.has(id) && after.every((one) => placed.has(one)));
    if (next.length === 0) throw new Error('tasks that wait in a circle have no order');
    for (const task of next) {
      placed.add(task.id);
      sorted.push(task);
    }
  }
  return sorted;
}

/** Tasks each of which waits for the next, the first again at the end. */
function circleIn(tasks: readonly Ordered[]): string[] | undefined {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const clear = new Set<string>();
  for (const { id } of tasks) {
    const way: string[] = [];
    const circle = follow(id, way);
    if (circle) return circle;
  }
  return undefined;

  function follow(id: string, way: string[]): string[] | undefined {
    if (clear.has(id)) return undefined;
    const at = way.indexOf(id);
    if (at >= 0) return [...way.slice(at), id];
    way.push(id);
    for (const next of byId.get(id)?.after ?? []) {
      const circle = follow(next, way);
      if (circle) return circle;
    }
    way.pop();
    clear.add(id);
    return undefined;
  }
}
