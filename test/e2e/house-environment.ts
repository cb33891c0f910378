/** The environment of a gateway under test: what points it at a simulator, and nothing of this machine's besides. */

export const apiKey = 'sk-ant-the-key-of-these-tests';

/** @param data the data folder */
export function environmentOf(
  simulator: { readonly url: string },
  data: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    ANTHROPIC_API_KEY: apiKey,
    ANTHROPIC_BASE_URL: simulator.url,
    TIDINGS_DATA: data,
    PORT: '0',
    // Its own tests are in test/workshop and test/security; here it would only take time.
    TIDINGS_SANDBOX: 'off',
    ...more,
  };
}
