/** Methods of the language's own objects: a call of one of these names runs natively, in one piece. */
export const intrinsicMethods = new Set(
  `at concat copyWithin entries every fill filter find findIndex findLast findLastIndex flat flatMap forEach includes
  indexOf join keys lastIndexOf map pop push reduce reduceRight reverse shift slice some sort splice toLocaleString
  toReversed toSorted toSpliced toString unshift values with subarray set
  anchor charAt charCodeAt codePointAt endsWith localeCompare match matchAll normalize padEnd padStart repeat replace
  replaceAll search split startsWith substr substring toLocaleLowerCase toLocaleUpperCase toLowerCase toUpperCase trim
  trimEnd trimStart valueOf isWellFormed toWellFormed
  clear delete get has add exec test compile
  toExponential toFixed toPrecision call apply bind hasOwnProperty isPrototypeOf propertyIsEnumerable
  getDate getDay getFullYear getHours getMilliseconds getMinutes getMonth getSeconds getTime getTimezoneOffset
  getUTCDate getUTCDay getUTCFullYear getUTCHours getUTCMilliseconds getUTCMinutes getUTCMonth getUTCSeconds
  setDate setFullYear setHours setMilliseconds setMinutes setMonth setSeconds setTime setUTCDate setUTCFullYear
  setUTCHours setUTCMilliseconds setUTCMinutes setUTCMonth setUTCSeconds toDateString toISOString toJSON
  toLocaleDateString toLocaleTimeString toTimeString toUTCString
  getBigInt64 getBigUint64 getFloat32 getFloat64 getInt16 getInt32 getInt8 getUint16 getUint32 getUint8
  setBigInt64 setBigUint64 setFloat32 setFloat64 setInt16 setInt32 setInt8 setUint16 setUint32 setUint8
  encode decode update digest write equals compare log error warn info debug`.split(/\s+/),
);

/** Array methods and their like, which call functions that they are given: the runtime has movable ones. */
export const callbackMethods = new Set(
  `map filter forEach reduce reduceRight find findIndex findLast findLastIndex some every flatMap sort toSorted replace
  replaceAll from`.split(/\s+/),
);

export const promiseMethods = new Set(['then', 'catch', 'finally']);
