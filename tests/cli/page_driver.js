/* SPDX-License-Identifier: Apache-2.0 */
/* Uses the HTML report as a reader does; page.sh puts it at the page's end and reads what it says. */
"use strict";
(function () {
  const said = [];
  const check = (name, passed) => said.push((passed ? "ok - " : "not ok - ") + "page: " + name);
  const bodies = () => Array.from(document.querySelectorAll("#table tbody"));
  const shown = () => bodies().filter((body) => !body.hidden);
  const path = (body) => body.rows[0].cells[0].dataset.key;
  const heads = Array.from(document.querySelectorAll("#table th"));
  const get = (id) => document.getElementById(id);
  const change = (id, value, event) => { get(id).value = value; get(id).dispatchEvent(new Event(event)); };

  check("the answer is the first heading", document.querySelector("h1").textContent.includes("may stop working"));
  check("the worst file stands first", path(bodies()[0]).includes("unguarded") || bodies()[0].dataset.verdict === "unguarded");
  heads[0].firstElementChild.click();
  const rising = bodies().map(path);
  check("a heading sorts", heads[0].getAttribute("aria-sort") === "ascending" &&
    rising.every((name, index) => !index || rising[index - 1].localeCompare(name) <= 0));
  heads[0].firstElementChild.click();
  check("again in reverse", heads[0].getAttribute("aria-sort") === "descending" && path(bodies()[0]) === rising.at(-1));
  change("verdict", "clean", "change");
  check("a verdict filters", shown().length === 1 && shown()[0].dataset.verdict === "clean");
  check("the number of files shown is said", get("shown").textContent.startsWith("1 of "));
  check("the tile of the verdict is pressed", document.querySelector(".tiles [value=clean]").getAttribute("aria-pressed") === "true");
  document.querySelector(".tiles [value=unguarded]").click();
  check("a tile filters", shown().length > 1 && shown().every((body) => body.dataset.verdict === "unguarded"));
  document.querySelector(".tiles [value=unguarded]").click();
  check("again it shows all", shown().length === bodies().length);
  change("word", "PSHUFB XMM0", "input");
  check("text filters by finding", shown().length > 1 && shown().length < bodies().length);
  change("word", "", "input");
  change("feature", "sse4.1", "change");
  check("a feature filters", shown().length === 1 && path(shown()[0]) === "./guarded");
  change("feature", "", "change");
  check("the picture has a row per file with uses", document.querySelectorAll("#picture svg a").length ===
    bodies().filter((body) => body.dataset.used).length);
  const wrong = bodies().find((body) => path(body) === "./guarded");
  wrong.querySelector("summary").click();
  wrong.querySelector(".finding summary").click();
  const finding = wrong.querySelector(".finding");
  check("a finding opens", finding.open && finding.querySelector("pre").getClientRects().length === 1);
  check("it shows the way", finding.querySelectorAll(".way li").length > 1);
  check("the use is marked", finding.querySelector("mark.use").textContent.includes("pshufb"));
  check("the test is marked", /^=> 0x[0-9a-f]+  (test|and|bt)/.test(finding.querySelector("mark.guard").textContent));
  check("names are text", !document.querySelector("td b") && bodies().some((body) => path(body).includes("<b>")));
  check("every control has a name", Array.from(document.querySelectorAll("button, input, select")).every((control) =>
    control.textContent.trim() || control.closest("label")));
  check("nothing is wider than the window", document.documentElement.scrollWidth <= innerWidth);
  check("nothing is loaded", performance.getEntriesByType("resource").length === 0);
  const result = document.createElement("pre");
  result.id = "result";
  result.textContent = "\n" + said.join("\n") + "\n";
  document.body.replaceChildren(result);
})();
