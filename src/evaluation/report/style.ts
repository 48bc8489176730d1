/** The look of the HTML report: two palettes, chosen by the reader's system; nothing is loaded from anywhere. */
export const reportStyle = `
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1b2330;--soft:#5d6878;--line:#e2e6ec;--best:#e9f3ec;--best-ink:#14653a;
--c0:#2f6fde;--c1:#8a94a3;--c2:#b8860b;--c3:#1d8f6a;--c4:#b34fa0;--c5:#c4572b}
@media(prefers-color-scheme:dark){:root{--page:#10141a;--card:#181e27;--ink:#e7ebf1;--soft:#98a4b5;--line:#2a323e;--best:#163425;--best-ink:#7fd6a4;
--c0:#6ea3ff;--c1:#8f9bad;--c2:#dcae3c;--c3:#4cc79b;--c4:#dd86cc;--c5:#ef8a5f}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main{max-width:1080px;margin:0 auto;padding:32px 20px 64px}
h1{font-size:26px;line-height:1.2;margin:0 0 8px;letter-spacing:-.01em}
h2{font-size:17px;margin:0 0 4px}
h3{font-size:13px;font-weight:600;margin:0 0 8px;color:var(--soft)}
p{margin:0 0 12px}
.note{color:var(--soft);font-size:13.5px;max-width:78ch}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:20px 22px;margin-top:18px}
.facts{display:flex;flex-wrap:wrap;gap:10px 28px;margin:18px 0 0;padding:0}
.facts div{min-width:84px}
.facts dt{color:var(--soft);font-size:12.5px}
.facts dd{margin:0;font-size:19px;font-weight:600;font-variant-numeric:tabular-nums}
.grid2{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(420px,100%),1fr));gap:22px 32px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:14px}
th,td{padding:7px 10px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th{color:var(--soft);font-weight:600;font-size:12.5px}
th:first-child,td:first-child{text-align:left}
tbody tr:last-child td,tbody tr:last-child th{border-bottom:0}
tbody th{color:var(--ink);font-size:14px}
td.best{background:var(--best);color:var(--best-ink);font-weight:650}
.ci{display:block;color:var(--soft);font-size:11.5px;font-weight:400}
.swatch{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:8px}
.bar{display:inline-block;height:7px;border-radius:2px;margin-left:9px;vertical-align:1px;opacity:.85}
.track{display:inline-block;width:92px;text-align:left}
tr.group th{color:var(--soft);padding-top:16px;font-size:12.5px}
svg{display:block;width:100%;height:auto;max-width:520px}
svg text{font-family:inherit;fill:var(--ink);font-size:13px}
svg .tick,svg .range{fill:var(--soft);font-size:11.5px}
svg .value{font-variant-numeric:tabular-nums}
svg .grid{stroke:var(--line)}
svg .zero{stroke:var(--soft);stroke-dasharray:4 3}
svg .whisker{stroke-width:3;stroke-linecap:round;opacity:.55}
svg .line{fill:none;stroke-width:2.2;stroke-linejoin:round}
.c0{stroke:var(--c0)}.c1{stroke:var(--c1)}.c2{stroke:var(--c2)}.c3{stroke:var(--c3)}.c4{stroke:var(--c4)}.c5{stroke:var(--c5)}
circle.c0,.f0{fill:var(--c0);background:var(--c0)}circle.c1,.f1{fill:var(--c1);background:var(--c1)}circle.c2,.f2{fill:var(--c2);background:var(--c2)}
circle.c3,.f3{fill:var(--c3);background:var(--c3)}circle.c4,.f4{fill:var(--c4);background:var(--c4)}circle.c5,.f5{fill:var(--c5);background:var(--c5)}
circle.dot{stroke:var(--card);stroke-width:1.5}
details summary{cursor:pointer;font-weight:600}
code{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
dl.pairs{display:grid;grid-template-columns:max-content 1fr;gap:6px 18px;margin:12px 0 0;font-size:14px}
dl.pairs dt{color:var(--soft)}dl.pairs dd{margin:0;overflow-wrap:anywhere}
@media(max-width:600px){main{padding:20px 12px 48px}.card{padding:16px 14px}dl.pairs{grid-template-columns:1fr;gap:0}dl.pairs dd{margin-bottom:8px}}
@media print{body{background:#fff}.card{break-inside:avoid}}
`;
