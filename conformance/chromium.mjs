// A browser on a page of the server's own origin, as a front end behind one
// address is: the page is made up here, everything else is the real server.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { chromium } from 'playwright-core';

// Debian's; KABINET_CHROMIUM names another one.
const executablePath = [process.env.KABINET_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => path && existsSync(path),
);

export async function launch() {
  assert.ok(executablePath, 'Chromium is missing (Debian: apt-get install chromium); KABINET_CHROMIUM may name one');
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}

// visit opens an empty page at the origin of the API. /page/live/… is the
// built package clients/live.
export async function visit(browser, url) {
  const { origin } = new URL(url);
  const context = await browser.newContext();
  await context.route(`${origin}/page/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === '/page/') {
      await route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>A page</title>' });
      return;
    }
    const name = pathname.replace('/page/live/', '');
    assert.match(name, /^[a-z]+\.js$/, pathname);
    const body = await readFile(new URL(`../clients/live/dist/${name}`, import.meta.url), 'utf8');
    await route.fulfill({ contentType: 'text/javascript', body });
  });
  const page = await context.newPage();
  await page.goto(`${origin}/page/`);
  return page;
}

// signInByCookie lets the browser itself sign in; true when its cookie is taken.
export const signInByCookie = (page, { login, password }) =>
  page.evaluate(
    async ([login, password]) => {
      const ask = async (query, variables) => {
        const response = await fetch('/graphql', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ query, variables }),
        });
        return response.json();
      };
      await ask(
        `mutation($login: String!, $password: String!) {
          signIn(input: {login: $login, password: $password, mode: COOKIE}) { userErrors { code } }
        }`,
        { login, password },
      );
      const { data } = await ask('{ me { displayName } }');
      return Boolean(data?.me);
    },
    [login, password],
  );
