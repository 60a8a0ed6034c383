// Counting: a check is one named yes or no; a step is a check that passes when nothing throws.
let passed = 0;
let failed = 0;

export function check(name, condition, detail = "") {
  if (condition) {
    passed += 1;
  } else {
    failed += 1;
    console.log(`FAILED ${name}${detail === "" ? "" : `: ${detail}`}`);
  }
  return Boolean(condition);
}

export function equal(name, found, wanted) {
  return check(name, Object.is(found, wanted), `found ${JSON.stringify(found)}, wanted ${JSON.stringify(wanted)}`);
}

/** Runs `act`; what it throws is a failure of `name`, and the run goes on. Returns what `act` returned, or undefined. */
export async function step(name, act) {
  try {
    const result = await act();
    passed += 1;
    return result;
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${name}: ${String(error.message ?? error).split("\n").slice(0, 12).join("\n    ")}`);
    return undefined;
  }
}

export function finish() {
  console.log(`checks: ${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
