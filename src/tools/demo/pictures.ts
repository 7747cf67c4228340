import { html, type Html } from './html.ts'

const SHADOW = html`<ellipse cx="160" cy="131" rx="62" ry="5" class="shade" />`

const DRAWINGS: Readonly<Record<string, Html>> = {
  'display-case': html` <defs>
      <linearGradient id="oak" x1="0" x2="1">
        <stop offset="0" stop-color="#c4935f" />
        <stop offset="1" stop-color="#a87544" />
      </linearGradient>
      <linearGradient id="case-glass" x1="0" y1="0" x2="1" y2="1">
        <stop offset="0" stop-color="#e4f1ef" />
        <stop offset="1" stop-color="#cbe0e0" />
      </linearGradient>
      <clipPath id="case-pane"><rect x="124" y="24" width="72" height="84" rx="1" /></clipPath>
    </defs>
    ${SHADOW}
    <rect x="117" y="17" width="86" height="98" rx="4" fill="url(#oak)" />
    <rect x="124" y="24" width="72" height="84" rx="1" fill="url(#case-glass)" />
    <path
      d="M155 62c0-3-2-5-2-8h14c0 3-2 5-2 8 7 5 11 12 11 20 0 10-6 18-16 18s-16-8-16-18c0-8 4-15 11-20z"
      fill="#b4552f"
    />
    <path
      d="M146 76c4 2 24 2 28 0M145 83c5 2 25 2 30 0"
      fill="none"
      stroke="#f1dcc4"
      stroke-width="1.6"
    />
    <rect x="124" y="100" width="72" height="8" fill="#8f6338" opacity=".35" />
    <path d="M124 96l46-72h14l-60 94z" fill="#fff" opacity=".62" clip-path="url(#case-pane)" />
    <rect x="119" y="115" width="82" height="13" rx="1.5" fill="#916338" />
    <rect x="119" y="115" width="82" height="3" fill="#7a5029" />`,

  'picture-light': html` <defs>
      <linearGradient id="brass" x1="0" y1="0" x2="0" y2="1">
        <stop offset="0" stop-color="#ecd184" />
        <stop offset=".55" stop-color="#cda54a" />
        <stop offset="1" stop-color="#a87c26" />
      </linearGradient>
      <linearGradient id="glow" x1="0" y1="0" x2="0" y2="1">
        <stop offset="0" stop-color="#ffe9ae" stop-opacity=".95" />
        <stop offset="1" stop-color="#ffe9ae" stop-opacity="0" />
      </linearGradient>
      <clipPath id="canvas"><rect x="125" y="58" width="70" height="62" /></clipPath>
    </defs>
    <rect x="119" y="52" width="82" height="74" rx="2" fill="#6d4b2c" />
    <rect x="125" y="58" width="70" height="62" fill="#efe3cb" />
    <g clip-path="url(#canvas)">
      <circle cx="177" cy="76" r="8" fill="#e0a24f" />
      <path d="M118 108l24-26 17 18 12-11 30 27v10h-83z" fill="#6f8f86" />
      <path d="M118 116l30-12 26 9 27-7v22h-83z" fill="#41615b" />
    </g>
    <path d="M112 36h96l34 96H78z" fill="url(#glow)" opacity=".6" />
    <path
      d="M160 30v-9c0-4 3-7 7-7"
      fill="none"
      stroke="#b68a34"
      stroke-width="4"
      stroke-linecap="round"
    />
    <rect x="108" y="26" width="104" height="14" rx="7" fill="url(#brass)" />
    <rect x="116" y="29" width="88" height="2.4" rx="1.2" fill="#fff" opacity=".45" />`,

  'museum-glass': html` <defs>
      <linearGradient id="pane" x1="0" y1="0" x2="1" y2="1">
        <stop offset="0" stop-color="#eef7f5" />
        <stop offset="1" stop-color="#d3e7e5" />
      </linearGradient>
      <clipPath id="sheet"><rect x="121" y="22" width="66" height="100" rx="1.5" /></clipPath>
    </defs>
    ${SHADOW}
    <rect
      x="135"
      y="30"
      width="66"
      height="98"
      rx="1.5"
      fill="#c6dedb"
      stroke="#a5c6c3"
      stroke-width="1.5"
      opacity=".75"
    />
    <rect
      x="121"
      y="22"
      width="66"
      height="106"
      rx="1.5"
      fill="url(#pane)"
      stroke="#a9cac7"
      stroke-width="2"
    />
    <g clip-path="url(#sheet)" fill="#fff">
      <path d="M118 88l46-70h20l-66 100z" opacity=".9" />
      <path d="M136 126l56-84v12l-48 72z" opacity=".75" />
    </g>
    <path d="M187 22v106" stroke="#7fb0ab" stroke-width="2" />`,

  pedestal: html` <defs>
      <linearGradient id="plinth" x1="0" x2="1">
        <stop offset="0" stop-color="#ffffff" />
        <stop offset="1" stop-color="#ece6db" />
      </linearGradient>
    </defs>
    <path d="M126 128h62l52 6H150z" class="shade" />
    <path d="M128 34l10-9h54l-8 9z" fill="#fff" stroke="#e2d9ca" stroke-width="1" />
    <path d="M184 34l8-9v94l-8 9z" fill="#d8cebd" />
    <rect
      x="128"
      y="34"
      width="56"
      height="94"
      fill="url(#plinth)"
      stroke="#e2d9ca"
      stroke-width="1"
    />
    <path d="M128 121h56v7h-56z" fill="#cfc4b1" opacity=".5" />`,
}

/** A drawing of a product; decoration only, the title stands beside it. */
export function pictureOf(sku: string): Html {
  return html`<svg class="picture" viewBox="60 0 200 144" aria-hidden="true">${DRAWINGS[sku]}</svg>`
}

/** The mark of Vitrine: a glass case with braces in it. */
export const MARK: Html = html`<svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
  <path d="M3.5 4.5h17v11.5h-17zM6 16v4.5M18 16v4.5M3.5 20.5h17" />
  <path
    d="M10.6 7.3c-1.6 0-1 2.6-2.4 2.9 1.4.3.8 2.9 2.4 2.9M13.4 7.3c1.6 0 1 2.6 2.4 2.9-1.4.3-.8 2.9-2.4 2.9"
  />
</svg>`

/** The empty case that stands where there is no file. */
export const EMPTY_CASE: Html = html`<svg
  class="empty-case"
  viewBox="0 0 160 120"
  aria-hidden="true"
>
  <path class="case-glass" d="M34 18h92v66H34z" />
  <path class="case-shine" d="M34 70l36-52h14L34 90zM86 84l40-58v10L93 84z" />
  <path d="M34 18h92v66H34zM28 84h104v8H28zM40 92v16M120 92v16M30 108h100" />
</svg>`

/** A tick, for what went well. */
export const TICK: Html = html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
  <path d="M3 8.5l3.2 3.2L13 4.8" />
</svg>`
