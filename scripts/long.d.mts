export declare const LONG: string[]
