/** bytes as MB, with at most one digit after the point */
export function megabytes(bytes: number): string {
  return String(Math.round(bytes / 1e5) / 10);
}
