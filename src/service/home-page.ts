/** What a person sees who opens the service in a browser. */
export const homePage = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Futago</title>
<style>body{font:16px/1.6 system-ui;max-width:42rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}
pre{padding:1rem;overflow:auto;border:1px solid #8888;border-radius:6px}</style>
<h1>Futago <span lang="ja">双子</span></h1>
<p>A two-tower recommender. This service answers what a viewer will like.</p>
<pre>curl -X POST "$URL/functions/v1/two_tower_recommendations" \\
  -H 'content-type: application/json' -d '{"user_id": "…", "limit": 10}'</pre>
<ul>
<li><a href="/openapi.json">/openapi.json</a>: every route, with its request and its answers</li>
<li><a href="/health/ready">/health/ready</a>: what serves now</li>
<li><a href="/metrics">/metrics</a>: numbers for Prometheus</li>
</ul>
</html>
`;
