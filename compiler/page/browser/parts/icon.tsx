/** Shapes that stand beside words and never in their place; readers of the screen do not meet them. */

const SHAPES = {
  good: "M3.5 8.5 6.5 11.5 12.5 4.5",
  bad: "M4 4 12 12M12 4 4 12",
  warn: "M8 2.5 14.5 13.5H1.5ZM8 6.5V9.5M8 11.4V11.6",
  fold: "M6 3.5 10.5 8 6 12.5",
  right: "M2.5 8H13M9 4 13 8 9 12",
  wait: "M8 2A6 6 0 1 1 7.9 2M8 4.5V8L10.5 9.5",
  search: "M7 2.5A4.5 4.5 0 1 1 6.9 2.5M10.3 10.3 14 14",
  plain: "M8 4.5A3.5 3.5 0 1 1 7.9 4.5",
} as const;

export type IconName = keyof typeof SHAPES;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={SHAPES[name]} />
    </svg>
  );
}
