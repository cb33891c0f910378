/** A patch of git’s, read into files and lines. */
import { describe, expect, test } from 'vitest';
import { diffFiles } from '../../src/web/team/diff.ts';

const changed = `diff --git a/src/a.ts b/src/a.ts
index 1111111..2222222 100644
--- a/src/a.ts
+++ b/src/a.ts
@@ -1,3 +1,4 @@ function a() {
 same
-old
+new
+--- more
 end
\\ No newline at end of file
`;

describe('a patch', () => {
  test('is read into files, with what was added and removed', () => {
    const [file] = diffFiles(changed);
    expect(file).toMatchObject({ path: 'src/a.ts', change: 'changed', added: 2, removed: 1 });
    expect(file?.lines.map(({ kind, text }) => [kind, text])).toEqual([
      ['place', '@@ -1,3 +1,4 @@ function a() {'],
      ['same', 'same'],
      ['removed', 'old'],
      ['added', 'new'],
      ['added', '--- more'],
      ['same', 'end'],
      ['note', 'No newline at end of file'],
    ]);
  });

  test('tells new, removed, renamed and binary files', () => {
    const patch = `diff --git a/new file.txt b/new file.txt
new file mode 100644
index 0000000..1111111
--- /dev/null
+++ b/new file.txt\t
@@ -0,0 +1 @@
+one
diff --git a/gone.txt b/gone.txt
deleted file mode 100644
index 1111111..0000000
--- a/gone.txt
+++ /dev/null
@@ -1 +0,0 @@
-one
diff --git a/old/name.ts b/name.ts
similarity index 100%
rename from old/name.ts
rename to name.ts
diff --git a/pic.png b/pic.png
index 1111111..2222222 100644
Binary files a/pic.png and b/pic.png differ
`;
    expect(
      diffFiles(patch).map(({ path, from, change, added, removed }) => [path, from, change, added, removed]),
    ).toEqual([
      ['new file.txt', undefined, 'added', 1, 0],
      ['gone.txt', undefined, 'removed', 0, 1],
      ['name.ts', 'old/name.ts', 'renamed', 0, 0],
      ['pic.png', undefined, 'changed', 0, 0],
    ]);
    expect(diffFiles(patch)[3]?.lines).toEqual([
      { kind: 'note', text: 'Binary files a/pic.png and b/pic.png differ' },
    ]);
  });

  test('is not misled by what a file holds: a line that looks like a patch is a line', () => {
    const patch = `diff --git a/x b/x
--- a/x
+++ b/x
@@ -1,2 +1,3 @@
 diff --git a/evil b/evil
+diff --git a/evil b/evil
+++ b/evil
-@@ -1 +1 @@
diff --git a/y b/y
--- a/y
+++ b/y
@@ -1 +1 @@
-a
+b
`;
    const files = diffFiles(patch);
    expect(files.map(({ path }) => path)).toEqual(['x', 'y']);
    expect(files[0]).toMatchObject({ added: 2, removed: 1 });
  });

  test('has names with quotes and other letters as they are', () => {
    const patch = `diff --git "a/gr\\303\\274n \\"x\\".txt" "b/gr\\303\\274n \\"x\\".txt"
new file mode 100644
--- /dev/null
+++ "b/gr\\303\\274n \\"x\\".txt"
@@ -0,0 +1 @@
+a
diff --git "a/leer\\tes" "b/leer\\tes"
new file mode 100644
index 0000000..e69de29
`;
    expect(diffFiles(patch).map(({ path }) => path)).toEqual(['grün "x".txt', 'leer\tes']);
  });

  test('has controls in lines and names as what they are, for them to be named', () => {
    const patch = `diff --git "a/\\a\\033x" "b/\\a\\033x"
--- "a/\\a\\033x"
+++ "b/\\a\\033x"
@@ -1 +1 @@
-\u241b[31mred\u2421
+red\u240d
`;
    const [file] = diffFiles(patch);
    expect(file?.path).toBe('\u0007\u001bx');
    expect(file?.lines.slice(1).map(({ text }) => text)).toEqual(['\u001b[31mred\u007f', 'red\r']);
  });

  test('that the gateway cut off says so, wherever that was', () => {
    const words = '[… cut: the first 5000000 of 9000000 characters]';
    const inside = 'diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n same\n+ne';
    for (const patch of [inside, 'diff --git a/x b/x\n--- a/x']) {
      const lines = diffFiles(`${patch}\n${words}\n`)[0]?.lines ?? [];
      expect(lines.at(-1)).toEqual({ kind: 'note', text: words });
    }
  });

  test('that is cut off anywhere is read as far as it goes', () => {
    const whole = diffFiles(changed)[0]?.lines ?? [];
    for (let end = 0; end <= changed.length; end++) {
      const lines = diffFiles(changed.slice(0, end))[0]?.lines ?? [];
      expect(lines.length).toBeLessThanOrEqual(whole.length);
    }
    expect(diffFiles('')).toEqual([]);
  });
});
