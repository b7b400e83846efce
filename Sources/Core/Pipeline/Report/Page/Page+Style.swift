extension Page {
  static let style = """
    :root{color-scheme:light dark;--ink:#1c2330;--paper:#fff;--soft:#f3f5f8;--line:#d6dbe3;--mark:#2563eb;--good:#15803d;--bad:#b91c1c}
    @media(prefers-color-scheme:dark){:root{--ink:#e4e8ef;--paper:#12161d;--soft:#1b212b;--line:#343d4b;--mark:#60a5fa;--good:#4ade80;--bad:#f87171}}
    *{box-sizing:border-box}body{margin:0;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
    header,main,footer{max-width:70rem;margin:0 auto;padding:0 1rem}header{padding-top:2rem}h1,h2,h3{line-height:1.2;overflow-wrap:anywhere}
    h2{margin-top:3rem;border-bottom:1px solid var(--line);padding-bottom:.3rem}nav{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem}
    a{color:var(--mark)}footer{padding:3rem 1rem;opacity:.7}.wide{overflow-x:auto;max-width:100%}
    table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.8rem 0}td,th{padding:.3rem .7rem;text-align:right;vertical-align:top}
    th{font-weight:600;white-space:nowrap}td:first-child,th:first-child,.names td,.names th{text-align:left}tr+tr td{border-top:1px solid var(--line)}
    .names td{overflow-wrap:break-word;min-width:5rem}table:not(.names) td{white-space:nowrap}
    svg{display:block;height:auto;max-width:100%;font:13px system-ui,sans-serif;fill:var(--ink);margin:.6rem 0}
    .grid{stroke:var(--line)}.name{paint-order:stroke;stroke:var(--paper);stroke-width:4px}main p{white-space:pre-line}.frame{fill:none;stroke:var(--line)}polyline{fill:none}
    .front{stroke:var(--mark);stroke-width:2;stroke-opacity:.7}.interval{stroke:var(--ink);stroke-opacity:.35;stroke-width:2}
    .dot{fill:var(--mark);fill-opacity:.85}.ring{fill:var(--paper);stroke:var(--ink);stroke-width:1.5}
    .curve{stroke:currentColor;stroke-width:1.8}.point{fill:currentColor;fill-opacity:.75}
    .diagonal{stroke:var(--ink);stroke-opacity:.35;stroke-dasharray:4 4}.move{stroke:var(--ink);stroke-opacity:.6;stroke-dasharray:3 3}
    .right{fill:var(--good)}.wrong{fill:var(--bad)}.matrix text.inside{fill:var(--paper)}
    .c0{color:#2563eb}.c1{color:#d97706}.c2{color:#059669}.c3{color:#db2777}.c4{color:#7c3aed}.c5{color:#0891b2}.c6{color:#65a30d}.c7{color:#dc2626}
    .key{margin-right:1rem;white-space:nowrap}.key::before{content:"";display:inline-block;width:.7em;height:.7em;border-radius:50%;background:currentColor;margin-right:.4em}
    figure{margin:0;max-width:100%}figcaption{font-size:.85rem;max-width:26rem}.row{display:flex;flex-wrap:wrap;gap:1rem 2rem;align-items:flex-start}.row>*{min-width:0;max-width:100%}
    #list{max-height:44rem;overflow-y:auto;border-block:1px solid var(--line)}ul{padding-left:1.3rem}
    article{border:1px solid var(--line);border-radius:.5rem;padding:.4rem 1rem;margin:.8rem 0;background:var(--soft);overflow-wrap:anywhere}
    article p,article ul{margin:.3rem 0}.pair{display:block;border-left:3px solid var(--line);padding-left:.6rem;margin-top:.2rem}
    .hit{color:var(--good)}.miss{color:var(--bad)}.filter{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem}select,input{font:inherit;max-width:100%}
    summary{cursor:pointer;margin:.6rem 0}pre{overflow-x:auto;background:var(--soft);padding:1rem;border-radius:.5rem}code{overflow-wrap:anywhere}
    @media print{nav,.filter{display:none}#list{max-height:none}section{break-inside:avoid-page}article{break-inside:avoid}}
    """

  /// Shows the texts that the reader asks for. Without scripts all of them are shown.
  static let script = """
    (() => {
      const reason = document.getElementById("reason"), containing = document.getElementById("containing");
      if (!reason) return;
      const texts = [...document.querySelectorAll("#list article")];
      const update = () => {
        const words = containing.value.toLowerCase();
        for (const text of texts)
          text.hidden = reason.value && !text.dataset.reasons.split(" ").includes(reason.value)
            || words && !text.textContent.toLowerCase().includes(words);
      };
      reason.addEventListener("change", update);
      containing.addEventListener("input", update);
    })();
    """
}
