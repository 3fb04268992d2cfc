/** Text files bundled by the build (`loader: {'.sh': 'text'}`). */
declare module '*.sh' {
  const text: string;
  export default text;
}

/** Text files that the build makes. */
declare module '*.txt' {
  const text: string;
  export default text;
}
