/** Why something cannot be, in words. */
export interface Obstacle {
  readonly obstacle: string;
}
