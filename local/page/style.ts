import { viewsStyle } from "../../pages/alert-views.ts";
import { mapStyle } from "../../pages/world-map.ts";

/** The style of the embedded run's page, after the shared theme. */
export const style = `${mapStyle}${viewsStyle}
.page{max-width:84rem;margin:0 auto;padding:1rem clamp(.75rem,2.5vw,2rem) 3rem;display:grid;gap:1rem 1.25rem;
grid-template-columns:minmax(0,1fr)}
.top{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:baseline}
.top p{flex:1 1 20rem}
#live{font-size:.8rem;font-weight:600;color:var(--muted)}
#live::before{content:"";display:inline-block;width:.55rem;height:.55rem;border-radius:50%;background:currentColor;margin-inline-end:.4rem}
#live[data-state=live]{color:var(--good)}#live[data-state=offline]{color:var(--critical)}
@media (min-width:62rem){.page{grid-template-columns:19rem minmax(0,1fr);grid-template-rows:auto auto 1fr}
.top{grid-column:1/-1}.main{grid-column:2;grid-row:2/span 2}}
.side,.main{display:grid;gap:1rem;align-content:start;min-width:0}
.side h2{margin-bottom:.6rem}
.main>section>h2{margin:.2rem 0 .6rem}
ul.samples,.delivery ul,#deliveries,#exceptions ul{list-style:none;margin:0;padding:0}
.samples{display:grid;gap:.7rem}
.samples li{display:grid;gap:.15rem;font-size:.84rem;line-height:1.4}
@media (min-width:36rem) and (max-width:61.99rem){.samples{grid-template-columns:1fr 1fr}}
button{font:inherit;font-size:.88rem;color:var(--text);background:var(--surface);border:1px solid var(--line);border-radius:7px;
padding:.35rem .7rem;cursor:pointer;min-height:2rem}
button:hover{border-color:var(--accent)}
button.sample{font-weight:600;text-align:start;background:var(--sunken)}
[aria-busy=true] button{opacity:.65;cursor:progress}
.switches{display:grid;grid-template-columns:1fr 1fr;gap:.4rem}
.switches button{padding-inline:.4rem}
button[aria-pressed=true]{background:var(--critical);border-color:var(--critical);color:var(--surface);font-weight:600}
dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem .9rem;margin:0;font-size:.87rem}
dt{color:var(--muted)}dd{margin:0;text-align:end;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
#queues{margin-bottom:.25rem}
#map{margin:0;padding:.5rem .75rem .7rem}
#map .map{max-height:18rem}
#map figcaption{font-size:.82rem;padding:0 .4rem}
#map figcaption>span{display:inline-block;margin-inline-end:1rem}
.key-exit{color:var(--high)}.key-home{color:var(--home)}
#alerts{display:grid;gap:.6rem;container-type:inline-size}
.alert{padding:0;border-inline-start:4px solid var(--severity)}
.alert summary{cursor:pointer;padding:.75rem 1rem;display:grid;grid-template-columns:auto minmax(0,max-content) minmax(9rem,1fr) auto;gap:.1rem .7rem;align-items:baseline;
list-style:none;border-radius:8px}
.alert summary::-webkit-details-marker{display:none}
.alert>summary .title{font-weight:650}.alert>summary .title::first-letter{text-transform:uppercase}
.alert .who{overflow-wrap:anywhere}
.alert time{font-size:.82rem;font-variant-numeric:tabular-nums}
.alert .sum{grid-column:1/-1;font-size:.87rem;overflow-wrap:anywhere}
.alert[open] .sum{display:none}
.alert .view{max-height:27rem;overflow:auto}
.alert>.views,.alert>.except{margin:0 1rem 1rem}
.except{font-size:.85rem;display:flex;flex-wrap:wrap;gap:.4rem .5rem;align-items:center}
.except button{min-height:1.75rem;padding:.15rem .6rem;font-size:.82rem}
#deliveries{display:grid}
.delivery{padding:.55rem 0;border-top:1px solid var(--line);font-size:.88rem}
.delivery:first-child{border-top:0}
.delivery .head{font-size:.8rem;color:var(--muted);margin-bottom:.2rem}
.delivery li{display:grid;grid-template-columns:6.4rem 1fr;gap:.6rem;align-items:baseline;padding:.12rem 0}
.delivery .badge{justify-self:start}
.delivery .what{overflow-wrap:anywhere}
.outcome-alerted{color:var(--accent)}.outcome-parked,.outcome-waiting{color:var(--medium)}
.outcome-failed,.outcome-deadLettered{color:var(--critical)}
.outcome-unmatched,.outcome-grouped,.outcome-excepted,.outcome-duplicate,.outcome-inStorm,.outcome-gathered{color:var(--muted)}
#exceptions li{display:flex;gap:.6rem;justify-content:space-between;align-items:start;font-size:.85rem;padding:.3rem 0;overflow-wrap:anywhere}
#exceptions button{flex:none}
.empty{display:none;color:var(--muted);font-size:.9rem}
:is(#alerts,#deliveries):empty+.empty{display:block}
.notice{position:fixed;inset:auto 0 .5rem;margin-inline:auto;width:fit-content;max-width:calc(100% - 1rem);border-color:var(--critical);font-size:.9rem}
@container (max-width:44rem){.alert summary{grid-template-columns:auto 1fr auto}.alert .who{grid-column:1/-1;grid-row:2}}
@media (max-width:40rem){.delivery li{grid-template-columns:1fr;gap:.1rem}}
@media (prefers-reduced-motion:no-preference){.alert,.delivery{animation:arrive .35s ease-out}
@keyframes arrive{from{opacity:0;transform:translateY(-6px)}}}
@media print{.alert .view{max-height:none}.side form,.except,#live{display:none}}
`;
