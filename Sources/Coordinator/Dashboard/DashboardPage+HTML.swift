extension DashboardPage {
    /// Texts of the API are put in as text, never as HTML.
    static let html = #"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Varpulis</title>
        <style>
        :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
        body { margin: 0 auto; max-width: 70rem; padding: 1rem; }
        form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; }
        label { display: grid; }
        input, button { font: inherit; padding: .25rem .5rem; }
        table { border-collapse: collapse; width: 100%; margin: 1.5rem 0; }
        caption { text-align: left; font-weight: 600; font-size: 1.1rem; }
        th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8886; vertical-align: top; }
        .bad { font-weight: 700; text-decoration: underline; }
        #numbers { display: flex; flex-wrap: wrap; gap: 1rem 2rem; padding: 0; list-style: none; }
        #numbers strong { display: block; font-size: 1.5rem; }
        </style>
        </head>
        <body>
        <h1>Varpulis</h1>
        <form id="form">
        <label for="key">API key <input id="key" type="password" autocomplete="off" spellcheck="false"></label>
        <button type="submit">Show</button>
        </form>
        <p id="state" role="status" aria-live="polite">Type a key, or show without one where none is needed.</p>
        <main id="main" hidden>
        <ul id="numbers" aria-label="The cluster in a few numbers"></ul>
        <table id="members"><caption>Coordinators</caption></table>
        <table id="workers"><caption>Workers</caption></table>
        <table id="groups"><caption>Pipeline groups</caption></table>
        <table id="placements"><caption>Placements</caption></table>
        </main>
        <script>
        "use strict";
        const api = "/api/v1/cluster/";
        const pageSize = 1000;
        const calm = ["ready", "running", "leader", "follower", "healthy"];
        let key = "", timer = 0;

        const element = (name, text) => {
          const made = document.createElement(name);
          if (text !== undefined) made.textContent = text;
          return made;
        };

        async function get(path) {
          const answer = await fetch(api + path, key ? { headers: { "x-api-key": key } } : {});
          const body = await answer.json();
          if (!answer.ok) throw new Error(body.error || "the coordinator answered " + answer.status);
          return body;
        }

        async function list(path, name) {
          const page = await get(path + "?limit=" + pageSize);
          return { items: page[name], total: page.total };
        }

        // Columns are pairs of a heading and what it shows of an item.
        function fill(id, items, columns, total = items.length) {
          const table = document.getElementById(id);
          for (const part of table.querySelectorAll("thead, tbody, tfoot")) part.remove();
          const head = table.createTHead().insertRow();
          for (const [heading] of columns) {
            const cell = element("th", heading);
            cell.scope = "col";
            head.append(cell);
          }
          const body = table.createTBody();
          for (const item of items) {
            const row = body.insertRow();
            for (const [heading, show] of columns) {
              const text = String(show(item));
              const cell = element("td", text);
              if (heading === "Status" && !calm.includes(text.toLowerCase())) cell.className = "bad";
              row.append(cell);
            }
          }
          const left = total - items.length;
          const note = left > 0 ? "and " + left + " more" : items.length ? "" : "none";
          if (note) {
            const cell = element("td", note);
            cell.colSpan = columns.length;
            table.createTFoot().insertRow().append(cell);
          }
        }

        async function show() {
          const state = document.getElementById("state");
          try {
            const [summary, raft, workers, groups] = await Promise.all([
              get("summary"), get("raft"), list("workers", "workers"), list("pipeline-groups", "pipeline_groups"),
            ]);
            const numbers = document.getElementById("numbers");
            numbers.replaceChildren(...[
              ["workers ready", summary.healthy_workers + " of " + summary.total_workers],
              ["groups running", summary.active_pipeline_groups + " of " + summary.total_pipeline_groups],
              ["events in a second", Math.round(summary.events_per_second)],
              ["events in all", summary.total_events_processed],
            ].map(([name, value]) => {
              const item = element("li", name);
              item.prepend(element("strong", value));
              return item;
            }));
            fill("members", raft.nodes, [
              ["Member", m => m.id + (m.is_current ? " (this one)" : "")], ["Address", m => m.address],
              ["Status", m => m.role],
            ]);
            fill("workers", workers.items, [
              ["Worker", w => w.id], ["Address", w => w.address], ["Status", w => w.status],
              ["Pipelines", w => w.pipelines_running + " of " + w.max_pipelines], ["Events", w => w.events_processed],
            ], workers.total);
            fill("groups", groups.items, [
              ["Group", g => g.name], ["Id", g => g.id], ["Status", g => g.status],
              ["Pipelines", g => g.pipeline_count],
            ], groups.total);
            fill("placements", groups.items.flatMap(g => g.placements.map(p => ({ group: g.name, ...p }))), [
              ["Group", p => p.group], ["Pipeline", p => p.pipeline_name], ["Worker", p => p.worker_id || "none yet"],
              ["Status", p => p.status], ["Reason", p => p.reason || ""],
            ]);
            document.getElementById("main").hidden = false;
            state.textContent = "As of " + new Date().toLocaleTimeString() + ", shown anew every five seconds.";
          } catch (problem) {
            state.textContent = "Not shown: " + problem.message;
          }
        }

        document.getElementById("form").addEventListener("submit", event => {
          event.preventDefault();
          key = document.getElementById("key").value;
          clearInterval(timer);
          timer = setInterval(show, 5000);
          show();
        });
        </script>
        </body>
        </html>
        """#
}
