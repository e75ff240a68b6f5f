/// How the page looks, on screen in light and dark and on paper.
enum PageStyle {
    static let css = """
        :root { color-scheme: light dark; --ink: #1b1f24; --faint: #5d6670; --rule: #d5dae0;
          --paper: #ffffff; --good: #0a7d5a; --bad: #c2410c;
          --s0: #0068b3; --s1: #c24e00; --s2: #00795a; --s3: #a3337a; --s4: #6b5b00;
          --s5: #2f74c0; --s6: #7a4fbf; --s7: #555f6b; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --faint: #9ba5b0;
          --rule: #39414a; --paper: #15181c; --good: #35c492; --bad: #ff8a5c;
          --s0: #5fb4f5; --s1: #ff9a57; --s2: #3fce9f; --s3: #f08bc6; --s4: #d8c34a;
          --s5: #8fc2ff; --s6: #bda1ff; --s7: #aab4c0; } }
        @media print { :root { color-scheme: light; --ink: #000; --faint: #444; --rule: #bbb;
          --paper: #fff; --good: #0a7d5a; --bad: #c2410c; --s0: #0068b3; --s1: #c24e00;
          --s2: #00795a; --s3: #a3337a; --s4: #6b5b00; --s5: #2f74c0; --s6: #7a4fbf;
          --s7: #555f6b; }
          section { break-inside: avoid; } details { display: none; } }
        * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
        body { margin: 0; background: var(--paper); color: var(--ink);
          font: 16px/1.5 system-ui, sans-serif; }
        main { max-width: 46rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
        h1 { margin: 0; font-size: 1.8rem; overflow-wrap: anywhere; }
        h2 { margin: 2.5rem 0 .75rem; font-size: 1.2rem; border-bottom: 1px solid var(--rule);
          padding-bottom: .25rem; }
        h3 { margin: 1.25rem 0 .25rem; font-size: 1rem; font-weight: 600; }
        .lead, .note { color: var(--faint); } .lead { margin: .25rem 0 0; }
        .note { font-size: .875rem; margin: .25rem 0 1rem; max-width: 42rem; }
        .wide { overflow-x: auto; }
        table { border-collapse: collapse; font-size: .875rem; margin: .5rem 0; }
        th, td { padding: .3rem .75rem .3rem 0; text-align: right;
          border-bottom: 1px solid var(--rule); font-variant-numeric: tabular-nums; }
        th:first-child { text-align: left; } th { font-weight: 600; }
        tbody th { font-weight: 400; }
        pre { overflow-x: auto; padding: .75rem; border: 1px solid var(--rule);
          border-radius: 6px; font-size: .8rem; }
        svg { max-width: 100%; height: auto; display: block;
          font: 12px system-ui, sans-serif; }
        .map svg { max-width: none; }
        svg text { fill: var(--ink); font-variant-numeric: tabular-nums; }
        svg text.tick { fill: var(--faint); font-size: 11px; }
        .grid { stroke: var(--rule); } .axis { stroke: var(--faint); }
        .frame { fill: none; stroke: var(--rule); }
        .cell { stroke: var(--rule); } .cell.good { fill: var(--good); }
        .cell.bad { fill: var(--bad); }
        .cell.marked { stroke: var(--ink); stroke-width: 1.5; }
        .pair { display: flex; flex-wrap: wrap; gap: 1rem; }
        .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
        .mark { fill-opacity: .75; }
        .line.s1 { stroke-dasharray: 7 3; } .line.s2 { stroke-dasharray: 2 3; }
        .line.s3 { stroke-dasharray: 8 3 2 3; } .line.s4 { stroke-dasharray: 12 4; }
        .line.s5 { stroke-dasharray: 4 2; } .line.s6 { stroke-dasharray: 1 2; }
        .line.s7 { stroke-dasharray: 10 3 2 3 2 3; }

        """
        + (0..<8).map { place in
            ".line.s\(place) { stroke: var(--s\(place)); } "
                + ".dot.s\(place), .mark.s\(place), .bar.s\(place), svg text.name.s\(place) "
                + "{ fill: var(--s\(place)); }"
        }.joined(separator: "\n")
}
