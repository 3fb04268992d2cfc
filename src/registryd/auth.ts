/** Who may do what. Both kinds take the users as name → password. */
export type ServerAuth =
  | { readonly kind: 'basic'; readonly users: Readonly<Record<string, string>> }
  | {
      readonly kind: 'bearer';
      readonly users: Readonly<Record<string, string>>;
      /** Users who may pull only. */
      readonly pullOnly?: readonly string[];
      /** Whether a token without credentials may pull. */
      readonly anonymousPull?: boolean;
      /** Default: `/token` of this server. */
      readonly realm?: string;
    };
